package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncReport;
import io.sonidb.ftp.ColdReplica;
import io.sonidb.ftp.ColdServers;
import io.sonidb.ftp.FxpEnd;
import io.sonidb.ftp.FxpOptions;
import io.sonidb.ftp.LocalNode;
import io.sonidb.ftp.RemoteNode;
import io.sonidb.ftp.Spreading;
import io.sonidb.ftp.Syncing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;

/// Brings collections from this node to others, and makes copies writable.
final class SyncApi {
  private static final int MAX_EVERY_SECONDS = 86_400;
  private static final int MAX_TARGETS = 100;

  private final Optional<Cluster> cluster;
  private final ClusterApi calls;
  private final MaintenanceApi maintenance;
  private final Logs logs;

  SyncApi(Optional<Cluster> cluster, ClusterApi calls, MaintenanceApi maintenance, Logs logs) {
    this.logs = logs;
    this.cluster = cluster;
    this.calls = calls;
    this.maintenance = maintenance;
  }

  /// Brings a collection to another node.
  Answer sync(Exchange exchange) throws Exception {
    Collection collection = exchange.collection();
    Body body = exchange.body().only("target", "to", "seal", "every_seconds");
    LocalNode here = calls.node();
    Cluster own = cluster.orElseThrow();
    boolean seal = body.at("seal").isTrue(false);
    int every = body.at("every_seconds").whole(0, MAX_EVERY_SECONDS, 0);
    if (every > 0 && !ToldWork.isAsked(exchange)) {
      throw ApiException.wrongInput(
          "every_seconds: goes on for ever, so it needs accept: application/x-ndjson or"
              + " text/event-stream");
    }
    if (ColdServers.isAddress(body.at("target").text())) {
      if (every > 0 || body.at("to").isThere()) {
        throw ApiException.wrongInput("target: a cold replica is written alone, and once");
      }
      return write(exchange, collection, replica(body.at("target"), own, here), seal);
    }
    RemoteNode target = calls.nodeAt(body.at("target"));
    List<Body> more = body.at("to").arrayIfAny();
    if (!more.isEmpty() && every > 0) {
      throw ApiException.wrongInput("to: only one target is followed");
    }
    if (!more.isEmpty()) {
      List<RemoteNode> targets = new ArrayList<>(List.of(target));
      more.forEach(each -> targets.add(calls.nodeAt(each)));
      return spread(exchange, collection, here, targets, own, seal);
    }
    return maintenance.once(
        exchange,
        "sync",
        collection,
        progress -> {
          FxpOptions options =
              FxpOptions.DEFAULT.withPlainData(own.ftp().options().allowsPlainData());
          Syncing syncing = new Syncing(here, target, own.secret(), options);
          if (every > 0) {
            syncing.follow(collection.name(), seal, every, progress, logs::event);
          }
          SyncReport report = syncing.run(collection.name(), seal, progress);
          return to -> write(report, to);
        });
  }

  private static ColdReplica replica(Body address, Cluster own, LocalNode here) {
    FxpEnd server =
        own.coldServers()
            .find(address.text())
            .orElseThrow(() ->
                ApiException.of(
                    403,
                    "Forbidden: "
                        + address.text().replaceAll(":[^/@]*@", ":...@")
                        + " is not in this node's cluster.replicas_file, so an administrator has not"
                        + " allowed it"));
    return new ColdReplica(here, server, own.secret(), FxpOptions.DEFAULT);
  }

  private Answer write(Exchange exchange, Collection collection, ColdReplica replica, boolean seal)
      throws Exception {
    return maintenance.once(
        exchange,
        "sync",
        collection,
        progress -> {
          ColdReplica.Written written = replica.write(collection.name(), seal, progress);
          return to -> {
            to.writeStartObject();
            to.writeNumberProperty("files", written.files());
            to.writeNumberProperty("bytes", written.bytes());
            to.writeNumberProperty("total_files", written.totalFiles());
            to.writeNumberProperty("total_bytes", written.totalBytes());
            to.writeStringProperty(
                "checked_by", written.certainty().name().toLowerCase(Locale.ROOT));
            to.writeNumberProperty("controller_bytes", written.controllerBytes());
            to.writeEndObject();
          };
        });
  }

  /// Brings a collection back from a server that is no node.
  Answer restore(Exchange exchange) throws Exception {
    Body body = exchange.body().only("source");
    LocalNode here = calls.node();
    ColdReplica replica = replica(body.at("source"), cluster.orElseThrow(), here);
    return maintenance.once(
        exchange,
        "restore",
        body.at("source").text(),
        progress -> {
          ReceiveReport report = replica.restore(progress);
          return to -> write(report, to);
        });
  }

  private Answer spread(
      Exchange exchange,
      Collection collection,
      LocalNode here,
      List<RemoteNode> targets,
      Cluster own,
      boolean seal)
      throws Exception {
    if (targets.size() > MAX_TARGETS
        || targets.stream().map(RemoteNode::name).distinct().count() < targets.size()) {
      throw ApiException.range(
          "to", targets.size() - 1, "must be less than " + MAX_TARGETS + " targets, each once");
    }
    return maintenance.once(
        exchange,
        "sync",
        collection,
        progress -> {
          FxpOptions options =
              FxpOptions.DEFAULT.withPlainData(own.ftp().options().allowsPlainData());
          List<Spreading.Outcome> outcomes =
              new Spreading(here, targets, own.secret(), options)
                  .run(collection.name(), seal, progress);
          return to -> {
            to.writeStartObject();
            to.writeArrayPropertyStart("targets");
            outcomes.forEach(each -> write(each, to));
            to.writeEndArray();
            to.writeEndObject();
          };
        });
  }

  private static void write(Spreading.Outcome outcome, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("target", outcome.target());
    outcome
        .failure()
        .ifPresent(
            failure -> to.writeStringProperty("error", String.valueOf(failure.getMessage())));
    to.writeNumberProperty("bytes_from_source", outcome.fromSource());
    to.writeNumberProperty("bytes_from_others", outcome.fromOthers());
    outcome
        .report()
        .ifPresent(report -> {
          to.writeName("report");
          write(report, to);
        });
    to.writeEndObject();
  }

  /// Makes a replica writable.
  Answer promote(Exchange exchange) {
    Collection collection = exchange.collection();
    exchange.bodyIfAny().only();
    int epoch = collection.promote();
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeNumberProperty("epoch", epoch);
      to.writeEndObject();
    });
  }

  private static void write(SyncReport report, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("target", report.target());
    to.writeNumberProperty("files", report.files());
    to.writeNumberProperty("bytes", report.bytes());
    to.writeNumberProperty("total_files", report.totalFiles());
    to.writeNumberProperty("total_bytes", report.totalBytes());
    to.writeNumberProperty("newest", report.newest());
    to.writeNumberProperty("controller_bytes", report.controllerBytes());
    to.writeNumberProperty("seconds", report.seconds());
    to.writeName("received");
    write(report.received(), to);
    to.writeEndObject();
  }

  static void write(ReceiveReport report, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("name", report.name());
    to.writeBooleanProperty("created", report.created());
    to.writeBooleanProperty("changed", report.changed());
    to.writeNumberProperty("vectors", report.vectors());
    to.writeNumberProperty("sequence", report.sequence());
    to.writeNumberProperty("epoch", report.epoch());
    to.writeArrayPropertyStart("diverging");
    report.diverging().forEach(to::writeString);
    to.writeEndArray();
    report.aside().ifPresent(aside -> to.writeStringProperty("aside", aside.toString()));
    to.writeNumberProperty("seconds", report.seconds());
    to.writeEndObject();
  }
}
