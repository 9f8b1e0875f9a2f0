package io.sonidb.cli;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SoniDb;
import io.sonidb.SyncReport;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.ColdReport;
import io.sonidb.client.NodeException;
import io.sonidb.client.SoniDbClient;
import io.sonidb.client.SpreadReport;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.ColdServers;
import io.sonidb.ftp.EmbeddedSync;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "sync",
    sortOptions = false,
    description = {
      "Bring a collection to other nodes, as a replica that is searched at once.",
      "Files go from node to node; only what a target lacks is moved, and a target has its old state until"
          + " all of the new one is there and was decoded. What was interrupted goes on with the next call."
          + " Both nodes need the same cluster.secret, which nodes of one user on one machine have."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb --url http://a:7664 sync songs sonidb://b --seal",
      "  sonidb --url http://a:7664 sync songs sonidb://b --to sonidb://c",
      "  sonidb --url http://a:7664 sync songs ftps://user@host/backup/songs --seal",
      "  sonidb sync songs sonidb://b      # from a folder that no node has open",
      "  sonidb --url http://b:7664 promote songs"
    })
final class SyncCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(
      index = "1",
      paramLabel = "TARGET",
      description = {
        "Node: sonidb://HOST or sonidb://HOST:PORT;",
        "or an FTP server that takes part in FXP: ftps://USER@HOST/PATH, as it stands in the node's"
            + " cluster.replicas_file."
      })
  private String target = "";

  @Option(names = "--to", paramLabel = "TARGET", description = "One more node; may be repeated.")
  private List<String> more = new ArrayList<>();

  @Option(
      names = "--seal",
      description = "End the segment that is written to, so that what it holds goes, too.")
  private boolean seal;

  @Option(
      names = "--follow",
      description =
          "Go on until interrupted: what is written follows at once, as a live stream, and what is"
              + " sealed as files.")
  private boolean follow;

  @Option(
      names = "--every",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "With --follow, how long after a round the next one begins (default: 5).")
  private int everySeconds;

  @Option(
      names = "--cluster-secret-file",
      paramLabel = "FILE",
      description = "Where the secret is, when a folder is synced; nodes know their own.")
  private Optional<Path> secretFile = Optional.empty();

  SyncCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  /// Syncs with one target.
  @FunctionalInterface
  private interface Sync {
    SyncReport with(String target, Progress progress) throws IOException;
  }

  @Override
  ExitCode run() throws IOException {
    Optional<ClientOptions> node = sonidb().node();
    if (follow && (node.isEmpty() || !more.isEmpty() || everySeconds < 1)) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--follow is for a node (--url), one target, and a second or more between rounds");
    }
    if (node.isPresent() && !follow) {
      // Nothing is open here, and the node ends its work when the connection goes.
      interruption().whenRequested(interruption()::commandFinished);
    }
    if (ColdServers.isAddress(target)) {
      if (node.isEmpty() || follow || !more.isEmpty()) {
        throw new CommandFailure(
            ExitCode.USAGE, "an FTP server is written by a node (--url), alone, and once");
      }
      return write(node.get());
    }
    if (node.isPresent()) {
      try (SoniDbClient client = sonidb().connect(node.get())) {
        if (follow) {
          return follow(client);
        }
        return more.isEmpty()
            ? all((to, progress) -> client.collection(name).syncNode(to, seal, progress))
            : spread(client);
      }
    }
    ClusterSecret secret =
        ClusterSecret.open(
            secretFile.orElseGet(
                () -> ClusterSecret.defaultFile(sonidb().terminal().environment())));
    try (SoniDb database = sonidb().openExisting()) {
      database.collection(name);
      return all((to, progress) -> EmbeddedSync.run(database, name, to, secret, seal, progress));
    }
  }

  /// Until it is interrupted.
  private ExitCode follow(SoniDbClient client) {
    interruption().whenRequested(client::close);
    try (ProgressBar progress = output().progress("follow")) {
      client.collection(name).followNode(target, seal, everySeconds, progress);
    } catch (NodeException e) {
      if (!interruption().requested()) {
        throw e;
      }
    }
    return ExitCode.OK;
  }

  /// To a server that is no node.
  private ExitCode write(ClientOptions node) {
    ColdReport report;
    try (SoniDbClient client = sonidb().connect(node);
        ProgressBar progress = output().progress("sync")) {
      report = client.collection(name).writeReplica(target, seal, progress);
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("target", target);
    answer.put("files", report.files());
    answer.put("bytes", report.bytes());
    answer.put("total_bytes", report.totalBytes());
    answer.put("checked_by", report.checkedBy());
    answer.put("controller_bytes", report.controllerBytes());
    output().json(Map.of("targets", List.of(answer)));
    output()
        .line(
            "%s has everything: %s, %s moved, checked by %s there"
                .formatted(
                    target,
                    Quantity.count(report.files(), "file"),
                    Quantity.bytes(report.bytes()),
                    report.checkedBy()));
    return ExitCode.OK;
  }

  /// To all at once, who pass on to each other what they have got.
  private ExitCode spread(SoniDbClient client) {
    List<String> targets = new ArrayList<>(List.of(target));
    targets.addAll(more);
    List<SpreadReport> reports;
    try (ProgressBar progress = output().progress("sync")) {
      reports = client.collection(name).syncNodes(targets, seal, progress);
    }
    List<Map<String, Object>> answers = new ArrayList<>();
    for (SpreadReport each : reports) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("target", each.target());
      each.report()
          .ifPresent(report -> {
            answer.putAll(answer(report));
            tell(report);
          });
      each.error()
          .ifPresent(error -> {
            answer.put("error", error);
            output().warn(each.target() + " was left out: " + error);
          });
      answer.put("bytes_from_source", each.bytesFromSource());
      answer.put("bytes_from_others", each.bytesFromOthers());
      answers.add(answer);
    }
    output().json(Map.of("targets", answers));
    return reports.stream().allMatch(each -> each.report().isPresent())
        ? ExitCode.OK
        : ExitCode.FAILED;
  }

  /// One that fails is told, and the others go on.
  private ExitCode all(Sync sync) throws IOException {
    List<String> targets = new ArrayList<>(List.of(target));
    targets.addAll(more);
    List<Map<String, Object>> answers = new ArrayList<>();
    Optional<Exception> failure = Optional.empty();
    for (String to : targets) {
      try (ProgressBar progress = output().progress("sync")) {
        SyncReport report = sync.with(to, progress);
        answers.add(answer(report));
        tell(report);
      } catch (IOException | NodeException e) {
        if (targets.size() == 1) {
          throw e;
        }
        Map<String, Object> failed = new LinkedHashMap<>();
        failed.put("target", to);
        failed.put("error", Failures.message(e));
        answers.add(failed);
        output().warn(to + " was left out: " + Failures.message(e));
        failure = failure.or(() -> Optional.of(e));
      }
    }
    output().json(Map.of("targets", answers));
    return failure.map(Failures::exitCode).orElse(ExitCode.OK);
  }

  private static Map<String, Object> answer(SyncReport report) {
    ReceiveReport received = report.received();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("target", report.target());
    answer.put("changed", received.changed());
    answer.put("files", report.files());
    answer.put("bytes", report.bytes());
    answer.put("total_bytes", report.totalBytes());
    answer.put("newest", report.newest());
    answer.put("controller_bytes", report.controllerBytes());
    answer.put("seconds", report.seconds());
    answer.put("vectors", received.vectors());
    answer.put("sequence", received.sequence());
    answer.put("epoch", received.epoch());
    answer.put("diverging", received.diverging());
    received.aside().ifPresent(aside -> answer.put("aside", aside.toString()));
    return answer;
  }

  private void tell(SyncReport report) {
    ReceiveReport received = report.received();
    output()
        .line(
            received.changed()
                ? "%s has %s up to write %d: %s, %s moved in %s s, %s by way of commands"
                    .formatted(
                        report.target(),
                        Quantity.count(received.vectors(), "vector"),
                        received.sequence(),
                        Quantity.count(report.files(), "file"),
                        Quantity.bytes(report.bytes()),
                        Quantity.decimal(report.seconds()),
                        Quantity.bytes(report.controllerBytes()))
                : "%s has everything already, up to write %d"
                    .formatted(report.target(), received.sequence()));
    long behind = report.newest() - received.sequence();
    if (behind > 0) {
      output()
          .note(
              "%s more in the segment that is still written to: --seal sends them, too"
                  .formatted(Quantity.count(behind, "write")));
    }
    received
        .aside()
        .ifPresent(aside ->
            output()
                .warn(
                    "what %s had written itself was moved aside, to its %s: %s"
                        .formatted(
                            report.target(), aside, String.join(", ", received.diverging()))));
  }
}
