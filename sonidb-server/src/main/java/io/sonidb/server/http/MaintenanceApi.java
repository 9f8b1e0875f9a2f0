package io.sonidb.server.http;

import io.sonidb.AlterReport;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CompactionReport;
import io.sonidb.Damage;
import io.sonidb.IndexOptions;
import io.sonidb.IndexReport;
import io.sonidb.IntegrityReport;
import io.sonidb.ftp.RemoteNode;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.core.JsonGenerator;

/// What is done to a collection as a whole: its index built, its files verified, compacted, its
/// settings changed. Of each kind one at a time for a collection; how far it is, is told
/// ([ToldWork]).
final class MaintenanceApi {
  /// How many damaged places are told one by one.
  private static final int MAX_TOLD = 1000;

  private final Logs logs;
  private final ClusterApi cluster;
  private final Set<Job> running = ConcurrentHashMap.newKeySet();

  // What is dropped is forgotten.
  private final Map<Collection, SegmentsApi.Verified> verified =
      Collections.synchronizedMap(new WeakHashMap<>());

  private record Job(String kind, String what) {}

  MaintenanceApi(Logs logs, ClusterApi cluster) {
    this.logs = logs;
    this.cluster = cluster;
  }

  Answer once(Exchange exchange, String kind, Collection collection, ToldWork.Task task)
      throws Exception {
    return once(exchange, kind, collection.name(), task);
  }

  /// @param what it is done with: of each kind, one at a time
  Answer once(Exchange exchange, String kind, String what, ToldWork.Task task) throws Exception {
    Job job = new Job(kind, what);
    return ToldWork.answer(
        exchange,
        logs,
        progress -> {
          if (!running.add(job)) {
            throw ApiException.of(
                409, "Conflict: " + kind + " of " + job.what() + " is under way: wait for its end");
          }
          try {
            return task.run(progress);
          } finally {
            running.remove(job);
          }
        });
  }

  /// Brings every index file up to date.
  Answer index(Exchange exchange) throws Exception {
    Collection collection = exchange.collection();
    Body body = exchange.bodyIfAny().only("full", "json_file");
    IndexOptions options =
        new IndexOptions(body.at("full").isTrue(false), body.at("json_file").isTrue(false));
    return once(
        exchange,
        "index",
        collection,
        progress -> {
          IndexReport report = collection.buildIndex(options, progress);
          return to -> write(report, to);
        });
  }

  private static void write(IndexReport report, JsonGenerator to) {
    to.writeStartObject();
    to.writeNumberProperty("segments", report.segments());
    to.writeNumberProperty("vectors", report.vectors());
    to.writeNumberProperty("index_bytes", report.indexBytes());
    to.writeNumberProperty("seconds", report.seconds());
    texts("repaired", report.repaired(), to);
    to.writeNumberProperty("damaged", report.damaged());
    to.writeStringProperty("sfv", String.valueOf(report.sfv().getFileName()));
    to.writeEndObject();
  }

  private static void texts(String key, List<String> texts, JsonGenerator to) {
    to.writeArrayPropertyStart(key);
    texts.forEach(to::writeString);
    to.writeEndArray();
  }

  /// Checks that everything is as it was written.
  Answer verify(Exchange exchange) throws Exception {
    Collection collection = exchange.collection();
    Body body = exchange.bodyIfAny().only("deep", "repair_from");
    boolean isDeep = body.at("deep").isTrue(false);
    if (body.has("repair_from")) {
      RemoteNode peer = cluster.nodeAt(body.at("repair_from"));
      return once(
          exchange,
          "verify",
          collection,
          progress -> {
            IntegrityReport report =
                cluster.node().repair(collection.name(), peer, isDeep, progress);
            verified.put(collection, new SegmentsApi.Verified(Instant.now(), isDeep, report));
            return to -> write(report, to);
          });
    }
    return once(
        exchange,
        "verify",
        collection,
        progress -> {
          IntegrityReport report = collection.verifyIntegrity(isDeep, progress);
          verified.put(collection, new SegmentsApi.Verified(Instant.now(), isDeep, report));
          return to -> write(report, to);
        });
  }

  /// The files, with what the last verification found in each.
  Answer segments(Exchange exchange) {
    return SegmentsApi.list(exchange, Optional.ofNullable(verified.get(exchange.collection())));
  }

  private static void write(IntegrityReport report, JsonGenerator to) {
    to.writeStartObject();
    to.writeBooleanProperty("ok", report.ok());
    to.writeNumberProperty("vectors", report.vectors());
    to.writeNumberProperty("segments", report.segments());
    to.writeNumberProperty("bytes", report.bytes());
    to.writeNumberProperty("seconds", report.seconds());
    texts("repaired", report.repaired(), to);
    to.writeNumberProperty("damaged_count", report.damaged().size());
    to.writeArrayPropertyStart("damaged");
    report.damaged().stream().limit(MAX_TOLD).forEach(damage -> write(damage, to));
    to.writeEndArray();
    to.writeEndObject();
  }

  private static void write(Damage damage, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("file", damage.file());
    to.writeName("time");
    if (damage.timeSeconds().isPresent()) {
      to.writeNumber(damage.timeSeconds().getAsDouble());
    } else {
      to.writeNull();
    }
    to.writeName("offset");
    if (damage.offset().isPresent()) {
      to.writeNumber(damage.offset().getAsLong());
    } else {
      to.writeNull();
    }
    to.writeName("id");
    damage.id().ifPresentOrElse(id -> PointJson.id(id, to), to::writeNull);
    to.writeStringProperty("reason", damage.reason());
    to.writeEndObject();
  }

  /// Gives back the space of what was replaced and deleted.
  Answer compact(Exchange exchange) throws Exception {
    Collection collection = exchange.collection();
    boolean purges = exchange.bodyIfAny().only("purge").at("purge").isTrue(false);
    return once(
        exchange,
        "compact",
        collection,
        progress -> {
          CompactionReport report = collection.compact(purges, progress);
          return to -> {
            to.writeStartObject();
            to.writeNumberProperty("segments_before", report.segmentsBefore());
            to.writeNumberProperty("segments_after", report.segmentsAfter());
            to.writeNumberProperty("bytes_before", report.bytesBefore());
            to.writeNumberProperty("bytes_after", report.bytesAfter());
            to.writeNumberProperty("seconds", report.seconds());
            to.writeEndObject();
          };
        });
  }

  /// Changes settings that SoniDB knows. Nothing of what Qdrant lets one change exists here, so all
  /// of that is accepted and said so.
  Answer alter(Exchange exchange) throws Exception {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Body body = exchange.body();
    List<String> warnings =
        body.others("sonidb").stream().map(key -> key + CollectionsApi.NO_EFFECT).sorted().toList();
    if (!body.has("sonidb")) {
      return Answer.result(to -> to.writeBoolean(true), warnings);
    }
    CollectionSpec changed = CollectionsApi.ownSettings(collection.spec(), body.at("sonidb"));
    return once(
        exchange,
        "alter",
        collection,
        progress -> {
          AlterReport report = collection.alter(changed, progress);
          return to -> {
            to.writeStartObject();
            to.writeNumberProperty("segments_rewritten", report.segmentsRewritten());
            to.writeNumberProperty("seconds", report.seconds());
            texts("warnings", warnings, to);
            to.writeEndObject();
          };
        });
  }
}
