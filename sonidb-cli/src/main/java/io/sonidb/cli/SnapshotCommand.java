package io.sonidb.cli;

import io.sonidb.SnapshotReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "snapshot",
    sortOptions = false,
    description = {
      "Keep a copy of a collection as it is now.",
      "The folder is an ordinary data folder, which `--data FOLDER` opens. It is made if it is missing;"
          + " an older snapshot in it is brought up to date, and only what is new is written. Files are"
          + " linked where the file system can: that takes no space, and protects against deletions and"
          + " mistakes, not against a disk that fails. For that, use a folder on another disk."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb snapshot songs backup",
      "  sonidb snapshot songs /mnt/other-disk/backup",
      "  sonidb verify songs --deep --data backup"
    })
final class SnapshotCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "FOLDER", description = "Where to keep it.")
  private Path folder = Path.of("");

  @Option(names = "--copy", description = "Copy, even where links are possible.")
  private boolean copy;

  SnapshotCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    return with(
        name,
        collection -> {
          SnapshotReport report;
          try (ProgressBar progress = output().progress("snapshot")) {
            report = collection.snapshot(folder, copy, progress);
          }
          output().json(json(report));
          output()
              .line(
                  "snapshot of \"%s\" in %s: %s in %s, %s, of which %s new%s, in %s s"
                      .formatted(
                          report.collection(),
                          folder,
                          Quantity.count(report.vectors(), "vector"),
                          Quantity.count(report.segments(), "segment"),
                          Quantity.bytes(report.bytes()),
                          Quantity.bytes(report.newBytes()),
                          report.linked() && report.newBytes() > 0 ? " (linked)" : "",
                          Quantity.decimal(report.seconds())));
          return ExitCode.OK;
        });
  }

  private Map<String, Object> json(SnapshotReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("collection", report.collection());
    json.put("folder", folder.toString());
    json.put("segments", report.segments());
    json.put("vectors", report.vectors());
    json.put("bytes", report.bytes());
    json.put("new_bytes", report.newBytes());
    json.put("linked", report.linked());
    json.put("sequence", report.sequence());
    json.put("seconds", report.seconds());
    return json;
  }
}
