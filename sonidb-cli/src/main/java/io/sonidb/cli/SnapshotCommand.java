package io.sonidb.cli;

import io.sonidb.SnapshotReport;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.RemoteCollection;
import io.sonidb.client.RemoteSnapshot;
import io.sonidb.client.SoniDbClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
          + " mistakes, not against a disk that fails. For that, use a folder on another disk.",
      "A node makes a tar file, which it keeps; with FOLDER it is downloaded there as well, and checked."
          + " --list shows those that it keeps. With --files the FOLDER becomes a data folder with the same"
          + " files, of which only those are fetched that it does not have."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb snapshot songs backup",
      "  sonidb snapshot songs /mnt/other-disk/backup",
      "  sonidb verify songs --deep --data backup",
      "  sonidb snapshot songs backup --url http://127.0.0.1:7664   # backup/....snapshot, a tar file",
      "  sonidb snapshot songs mirror --files --url http://127.0.0.1:7664   # again: only what is new"
    })
final class SnapshotCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "Where to keep it; needed unless a node keeps it.")
  private Optional<Path> target = Optional.empty();

  @Option(names = "--copy", description = "Copy, even where links are possible.")
  private boolean copy;

  @Option(names = "--list", description = "Show the snapshots that a node keeps.")
  private boolean list;

  @Option(
      names = "--files",
      description =
          "Of a node: make FOLDER a data folder, or bring it up to date; only new files are fetched.")
  private boolean files;

  SnapshotCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    Optional<ClientOptions> node = sonidb().node();
    if (node.isPresent()) {
      return ofNode(node.get());
    }
    if (target.isEmpty() || list || files) {
      throw new CommandFailure(
          ExitCode.USAGE,
          list || files
              ? (list ? "--list" : "--files") + " is for a node: give its --url"
              : "a FOLDER for the snapshot is missing");
    }
    return ofFolder(target.get());
  }

  private ExitCode ofNode(ClientOptions options) throws IOException {
    if (copy || (list && target.isPresent())) {
      throw new CommandFailure(
          ExitCode.USAGE,
          copy ? "--copy is for folders; a node's snapshot is a file" : "--list takes no FOLDER");
    }
    if (files && (list || target.isEmpty())) {
      throw new CommandFailure(ExitCode.USAGE, "--files needs a FOLDER, and no --list");
    }
    try (SoniDbClient client = sonidb().connect(options)) {
      RemoteCollection collection = client.collection(name);
      if (files) {
        return copyFiles(collection, target.get());
      }
      if (list) {
        List<RemoteSnapshot> all = collection.snapshots();
        output().json(Map.of("snapshots", all.stream().map(SnapshotCommand::json).toList()));
        for (RemoteSnapshot each : all) {
          output()
              .line(
                  "%s  %s  %s"
                      .formatted(each.name(), Quantity.bytes(each.size()), each.creationTime()));
        }
        return ExitCode.OK;
      }
      output().note("the node makes the snapshot ...");
      RemoteSnapshot made = collection.createSnapshot();
      Map<String, Object> answer = json(made);
      answer.put("collection", name);
      String where = "kept by " + client.uri();
      if (target.isPresent()) {
        Path file = download(collection, made, target.get());
        answer.put("file", file.toString());
        where += ", and in " + file;
      }
      output().json(answer);
      output()
          .line(
              "snapshot of \"%s\": %s, %s, %s"
                  .formatted(name, made.name(), Quantity.bytes(made.size()), where));
    }
    return ExitCode.OK;
  }

  private ExitCode copyFiles(RemoteCollection collection, Path folder) throws IOException {
    long start = System.nanoTime();
    long fetched;
    try (ProgressBar progress = output().progress("snapshot")) {
      fetched = collection.updateCopy(folder, progress);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("collection", name);
    answer.put("folder", folder.toString());
    answer.put("new_bytes", fetched);
    answer.put("seconds", seconds);
    output().json(answer);
    output()
        .line(
            "snapshot of \"%s\" in %s: %s fetched in %s s"
                .formatted(name, folder, Quantity.bytes(fetched), Quantity.decimal(seconds)));
    return ExitCode.OK;
  }

  /// Under a name that tells that it is not whole, until it is.
  private static Path download(RemoteCollection from, RemoteSnapshot snapshot, Path folder)
      throws IOException {
    // A node's name for a file must not lead out of the folder.
    if (!snapshot.name().matches("[A-Za-z0-9_-][A-Za-z0-9._-]*")) {
      throw new CommandFailure(
          ExitCode.FAILED, "the node calls its snapshot '" + snapshot.name() + "', no file's name");
    }
    Files.createDirectories(folder);
    Path whole = folder.resolve(snapshot.name());
    Path part = folder.resolve(snapshot.name() + ".part");
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        from.download(snapshot, out);
      }
      return Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static Map<String, Object> json(RemoteSnapshot snapshot) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", snapshot.name());
    json.put("creation_time", snapshot.creationTime());
    json.put("bytes", snapshot.size());
    json.put("sha256", snapshot.checksum());
    return json;
  }

  private ExitCode ofFolder(Path folder) throws IOException {
    return with(
        name,
        collection -> {
          SnapshotReport report;
          try (ProgressBar progress = output().progress("snapshot")) {
            report = collection.snapshot(folder, copy, progress);
          }
          output().json(json(report, folder));
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

  private static Map<String, Object> json(SnapshotReport report, Path folder) {
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
