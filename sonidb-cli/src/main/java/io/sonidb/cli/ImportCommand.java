package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.ImportReport;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.client.RemoteCollection;
import io.sonidb.client.SoniDbClient;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "import",
    sortOptions = false,
    description = {
      "Insert the vectors of another data folder.",
      "Under the same ids, with payloads and times. A collection that is missing here is created like"
          + " the other; in one that is there, vectors of the same ids are replaced. Damaged vectors are"
          + " left out and named, with exit code 3. The folder may be the data folder itself, to copy a"
          + " collection."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb import other-folder",
      "  sonidb import other-folder songs --as all-songs",
      "  sonidb create wide --dimension 768 --element float64   # then copy what is float32 into it:",
      "  sonidb import sonidb-data songs --as wide",
      "  sonidb import other-folder songs --url http://127.0.0.1:7664"
    })
final class ImportCommand extends DatabaseCommand {

  @Mixin private SourceFolder source = new SourceFolder();

  ImportCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    source.check();
    if (sonidb().node().isPresent()) {
      return intoNode();
    }
    try (SoniDb database = sonidb().open()) {
      boolean same = Files.isSameFile(source.folder(), sonidb().folder());
      if (same && source.name().isEmpty()) {
        throw new CommandFailure(
            ExitCode.USAGE, source.folder() + " is the data folder itself: give NAME and --as NEW");
      }
      List<ImportReport> reports = new ArrayList<>();
      try (ProgressBar progress = output().progress("import")) {
        for (String name : names()) {
          String here = source.nameHere(name);
          reports.add(
              same
                  ? copy(database, name, here, progress)
                  : database.importFrom(source.folder(), name, here, progress));
        }
      }
      return report(reports);
    }
  }

  private ExitCode intoNode() throws IOException {
    List<ImportReport> reports = new ArrayList<>();
    List<String> names = names();
    try (SoniDb from = SoniDb.open(source.folder(), SoniDbOptions.DEFAULT.compaction(false));
        SoniDbClient node = sonidb().connect(sonidb().node().orElseThrow());
        ProgressBar progress = output().progress("import")) {
      for (String name : names) {
        Collection collection = from.collection(name);
        String here = source.nameHere(name);
        RemoteCollection target =
            node.find(here).orElseGet(() -> node.create(here, collection.spec()));
        reports.add(new NodeImport(collection, new RemotePoints(target), progress).run());
      }
    }
    return report(reports);
  }

  private List<String> names() {
    if (source.name().isPresent()) {
      return List.of(source.name().get());
    }
    if (!Files.isDirectory(source.folder().resolve("collections"))) {
      // Opening it would make one of it.
      throw new CommandFailure(
          ExitCode.NOT_FOUND, source.folder() + ": is no data folder of SoniDB");
    }
    try (SoniDb other = SoniDb.open(source.folder())) {
      other.warnings().forEach(output()::warn);
      return other.collections();
    }
  }

  private static ImportReport copy(
      SoniDb database, String name, String here, ProgressBar progress) {
    Collection there = database.collection(name);
    Collection target = database.find(here).orElseGet(() -> database.create(here, there.spec()));
    return target.importFrom(there, progress);
  }

  private ExitCode report(List<ImportReport> reports) {
    List<Map<String, Object>> imported = new ArrayList<>();
    boolean damaged = false;
    for (ImportReport report : reports) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("collection", report.collection());
      json.put("vectors", report.vectors());
      json.put("seconds", report.seconds());
      json.put("damaged", report.damaged().stream().map(DamageText::json).toList());
      imported.add(json);
      output()
          .line(
              "imported %s into \"%s\" in %s s"
                  .formatted(
                      Quantity.count(report.vectors(), "vector"),
                      report.collection(),
                      Quantity.decimal(report.seconds())));
      report.damaged().forEach(lost -> output().warn("left out: " + DamageText.line(lost)));
      damaged |= !report.damaged().isEmpty();
    }
    output().json(Map.of("imported", imported));
    return damaged ? ExitCode.DAMAGED : ExitCode.OK;
  }
}
