package io.sonidb.cli;

import io.sonidb.IndexOptions;
import io.sonidb.IndexReport;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "index",
    sortOptions = false,
    description = {
      "Build the external index.",
      "Seals the open segment, adds what is new, writes index.sfv. Damaged index files are made again."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb index songs",
      "  sonidb index songs --full        # everything again, from the audio alone",
      "  sonidb index songs --json-file   # index.json beside it",
      "  sonidb index songs --url http://127.0.0.1:7664"
    })
final class IndexCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(names = "--full", description = "Rebuild every index file from the audio alone.")
  private boolean full;

  @Option(names = "--json-file", description = "Write index.json as well, one vector a line.")
  private boolean jsonFile;

  IndexCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    return reach(
        name,
        collection -> {
          IndexReport built;
          try (ProgressBar progress = output().progress("index")) {
            built = collection.buildIndex(new IndexOptions(full, jsonFile), progress);
          }
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("segments", built.segments());
          answer.put("vectors", built.vectors());
          answer.put("index_bytes", built.indexBytes());
          answer.put("seconds", built.seconds());
          answer.put("repaired", built.repaired());
          answer.put("damaged", built.damaged());
          answer.put("sfv", built.sfv().toString());
          output().json(answer);
          output()
              .line(
                  "indexed %s in %s, %s, in %s s"
                      .formatted(
                          Quantity.count(built.vectors(), "vector"),
                          Quantity.count(built.segments(), "segment"),
                          Quantity.bytes(built.indexBytes()),
                          Quantity.decimal(built.seconds())));
          if (sonidb().node().isEmpty()) {
            output().line("check it with: cksfv -g " + built.sfv());
          }
          built.repaired().forEach(repaired -> output().note("repaired: " + repaired));
          if (built.damaged() > 0) {
            output()
                .note(
                    "warning: %s damaged; `sonidb verify %s` names what they held"
                        .formatted(Quantity.count(built.damaged(), "record"), name));
          }
          return ExitCode.OK;
        });
  }
}
