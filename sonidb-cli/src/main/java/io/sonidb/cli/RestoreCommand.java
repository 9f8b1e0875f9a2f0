package io.sonidb.cli;

import io.sonidb.RestoreReport;
import io.sonidb.SoniDb;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "restore",
    sortOptions = false,
    description = {
      "Bring collections back from a snapshot.",
      "Into the data folder (--data), which is made if it is missing. Files are copied and compared with"
          + " their checksums; each collection is restored whole or not at all, and none if a file is"
          + " damaged. A collection of the same name must be dropped first, or --as give another name."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb restore backup",
      "  sonidb restore backup songs",
      "  sonidb restore backup songs --as songs-of-monday --data other-folder"
    })
final class RestoreCommand extends DatabaseCommand {

  @Mixin private SourceFolder source = new SourceFolder();

  RestoreCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() {
    source.check();
    try (SoniDb database = sonidb().open()) {
      List<Map<String, Object>> restored = new ArrayList<>();
      for (RestoreReport report : restore(database)) {
        restored.add(json(report));
        output()
            .line(
                "restored \"%s\": %s in %s, %s, in %s s"
                    .formatted(
                        report.collection(),
                        Quantity.count(report.vectors(), "vector"),
                        Quantity.count(report.segments(), "segment"),
                        Quantity.bytes(report.bytes()),
                        Quantity.decimal(report.seconds())));
        report.repaired().forEach(repaired -> output().note("repaired: " + repaired));
      }
      output().json(Map.of("restored", restored));
      return ExitCode.OK;
    }
  }

  private List<RestoreReport> restore(SoniDb database) {
    try (ProgressBar progress = output().progress("restore")) {
      return source
          .name()
          .map(name ->
              List.of(database.restore(source.folder(), name, source.nameHere(name), progress)))
          .orElseGet(() -> database.restore(source.folder(), progress));
    }
  }

  private static Map<String, Object> json(RestoreReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("collection", report.collection());
    json.put("segments", report.segments());
    json.put("vectors", report.vectors());
    json.put("bytes", report.bytes());
    json.put("seconds", report.seconds());
    json.put("repaired", report.repaired());
    return json;
  }
}
