package io.sonidb.cli;

import io.sonidb.CompactionReport;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "compact",
    sortOptions = false,
    description = {
      "Give back the space of replaced and deleted vectors.",
      "That is also done by itself, behind the writers, when it is worth it. Deletes are kept as long as"
          + " the collection's retention says, for those who follow its changes. The file that is still"
          + " written to is left alone without --purge; `index` seals it."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb compact songs",
      "  sonidb compact songs --purge   # what was deleted must not be found on the disk any more"
    })
final class CompactCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(
      names = "--purge",
      description = {
        "Erase for good: every replaced and deleted vector and payload, every delete whatever its age, bytes",
        "that a crash left unfinished, and damaged bytes that belong to no vector. Who follows the changes",
        "and has not come to the last delete must read everything again: `changes` and `subscribe` say so.",
        "Snapshots and copies elsewhere keep what they have."
      })
  private boolean purge;

  CompactCommand(SonidbCommand sonidb) {
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
          CompactionReport report;
          try (ProgressBar progress = output().progress("compact")) {
            report = collection.compact(purge, progress);
          }
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("segments_before", report.segmentsBefore());
          answer.put("segments_after", report.segmentsAfter());
          answer.put("bytes_before", report.bytesBefore());
          answer.put("bytes_after", report.bytesAfter());
          answer.put("seconds", report.seconds());
          output().json(answer);
          output()
              .line(
                  "compacted %s of %s to %s of %s in %s s"
                      .formatted(
                          Quantity.count(report.segmentsBefore(), "segment"),
                          Quantity.bytes(report.bytesBefore()),
                          Quantity.count(report.segmentsAfter(), "segment"),
                          Quantity.bytes(report.bytesAfter()),
                          Quantity.decimal(report.seconds())));
          return ExitCode.OK;
        });
  }
}
