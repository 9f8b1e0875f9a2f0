package io.sonidb.cli;

import io.sonidb.CollectionStats;
import io.sonidb.ReceiveReport;
import io.sonidb.RestoreReport;
import io.sonidb.SoniDb;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.SoniDbClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
      "  sonidb restore backup songs --as songs-of-monday --data other-folder",
      "  sonidb restore songs.snapshot songs --url http://127.0.0.1:7664   # a file from `snapshot`",
      "  sonidb restore ftps://user@host/backup/songs --url http://127.0.0.1:7664"
    })
final class RestoreCommand extends DatabaseCommand {

  @Mixin private SourceFolder source = new SourceFolder();

  RestoreCommand(SonidbCommand sonidb) {
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
      return onNode(node.get());
    }
    if (source.address().isPresent()) {
      throw new CommandFailure(
          ExitCode.USAGE, "a node brings collections back from an FTP server: give its --url");
    }
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

  /// From an FTP server that is no node.
  private ExitCode fromServer(ClientOptions options, String address) {
    ReceiveReport report;
    try (SoniDbClient client = sonidb().connect(options);
        ProgressBar progress = output().progress("restore")) {
      report = client.restore(address, progress);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("collection", report.name());
    json.put("vectors", report.vectors());
    json.put("sequence", report.sequence());
    json.put("epoch", report.epoch());
    json.put("changed", report.changed());
    json.put("seconds", report.seconds());
    output().json(Map.of("restored", List.of(json)));
    output()
        .line(
            "restored \"%s\": %s, as a replica up to write %d; `promote` makes it writable"
                .formatted(
                    report.name(), Quantity.count(report.vectors(), "vector"), report.sequence()));
    return ExitCode.OK;
  }

  private ExitCode onNode(ClientOptions options) throws IOException {
    Optional<String> address = source.address();
    if (address.isPresent()) {
      if (source.name().isPresent()) {
        throw new CommandFailure(
            ExitCode.USAGE, "what comes from an FTP server keeps its name: leave NAME out");
      }
      return fromServer(options, address.get());
    }
    Path file = source.file();
    String name =
        source
            .name()
            .map(source::nameHere)
            .orElseThrow(() ->
                new CommandFailure(ExitCode.USAGE, "a node must be told the NAME to restore as"));
    try (SoniDbClient client = sonidb().connect(options)) {
      if (client.find(name).isPresent()) {
        throw new CommandFailure(
            ExitCode.ALREADY_EXISTS,
            "collection \"" + name + "\" exists: drop it first, or say --as NEW");
      }
      output().note("the node takes the snapshot in ...");
      long start = System.nanoTime();
      client.restore(name, file);
      double seconds = (System.nanoTime() - start) / 1e9;
      CollectionStats stats = client.collection(name).stats();
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("collection", name);
      json.put("segments", stats.segments());
      json.put("vectors", stats.vectors());
      json.put("bytes", Files.size(file));
      json.put("seconds", seconds);
      output().json(Map.of("restored", List.of(json)));
      output()
          .line(
              "restored \"%s\": %s, %s, in %s s"
                  .formatted(
                      name,
                      Quantity.count(stats.vectors(), "vector"),
                      Quantity.bytes(Files.size(file)),
                      Quantity.decimal(seconds)));
    }
    return ExitCode.OK;
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
