package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.OrderKey;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Scroll;
import io.sonidb.ScrollPage;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Filter;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Points: written, read by id, changed, deleted, paged through, counted.
final class PointsApi {
  private PointsApi() {}

  // Reading ----------------------------------------------------------------------------------

  static Answer get(Exchange exchange) {
    Collection collection = exchange.collection();
    VectorId id = idIn(exchange);
    Point point =
        collection
            .get(id)
            .orElseThrow(() -> ApiException.notFound("Point with id " + id + " does not exists!"));
    PointJson.Wanted all =
        new PointJson.Wanted(true, PayloadSelection.ALL, true, version(exchange));
    return Answer.result(to -> PointJson.record(point, all, to));
  }

  /// Qdrant's clients do not ask for it, and get points as Qdrant's.
  private static boolean version(Exchange exchange) {
    return exchange.isTrue("with_version", false);
  }

  static VectorId idIn(Exchange exchange) {
    try {
      return VectorId.parse(exchange.variable("id"));
    } catch (IllegalArgumentException e) {
      throw ApiException.of(400, "Deserialize error in path parameters: " + e.getMessage());
    }
  }

  static Answer retrieve(Exchange exchange) {
    Collection collection = exchange.collection();
    Body body = exchange.body(collection);
    List<VectorId> ids = idsIn(body);
    PointJson.Wanted wanted = PointJson.Wanted.of(body, true).version(version(exchange));
    List<Point> points =
        collection.get(ids).stream()
            .flatMap(Optional::stream)
            .map(point -> selected(point, wanted))
            .toList();
    return Answer.result(to -> {
      to.writeStartArray();
      points.forEach(point -> PointJson.record(point, wanted, to));
      to.writeEndArray();
    });
  }

  static List<VectorId> idsIn(Body body) {
    body.only("ids", "with_payload", "with_vector", "shard_key");
    noShard(body);
    return body.at("ids").ids();
  }

  private static Point selected(Point point, PointJson.Wanted wanted) {
    return wanted.payload().equals(PayloadSelection.ALL)
        ? point
        : new Point(
            point.id(),
            point.vector(),
            point.payload().select(wanted.payload()),
            point.sequence(),
            point.insertedAt(),
            point.expiresAt());
  }

  static void noShard(Body body) {
    if (body.has("shard_key")) {
      throw ApiException.wrongInput("shard_key: collections have no shard keys here; leave it out");
    }
  }

  static Answer scroll(Exchange exchange) {
    Collection collection = exchange.collection();
    Body body = exchange.body(collection);
    ScrollPage page = collection.scroll(scrollIn(body));
    PointJson.Wanted wanted = PointJson.Wanted.of(body, true).version(version(exchange));
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("points");
      for (int i = 0; i < page.points().size(); i++) {
        Optional<OrderKey> key =
            page.keys().isEmpty() ? Optional.empty() : Optional.of(page.keys().get(i));
        PointJson.record(page.points().get(i), key, wanted, to);
      }
      to.writeEndArray();
      to.writeName("next_page_offset");
      page.next().ifPresentOrElse(id -> PointJson.id(id, to), to::writeNull);
      to.writeEndObject();
    });
  }

  static Scroll scrollIn(Body body) {
    body.only("offset", "limit", "filter", "with_payload", "with_vector", "order_by", "shard_key");
    noShard(body);
    return new Scroll(
        body.at("filter").filter(),
        body.at("limit").whole(1, Integer.MAX_VALUE, 10),
        body.at("offset").ifAny(Body::id),
        body.at("order_by").ifAny(PointsApi::order),
        PointJson.Wanted.of(body, true).payload());
  }

  static Scroll.Order order(Body by) {
    if (by.node().isString()) {
      return new Scroll.Order(by.text(), false, Optional.empty());
    }
    by.only("key", "direction", "start_from");
    Optional<String> start =
        by.at("start_from")
            .ifAny(from -> from.node().isNumber() ? from.node().asString() : from.text());
    boolean descending =
        by.has("direction") && by.at("direction").word("asc", "desc").equals("desc");
    return new Scroll.Order(by.at("key").text(), descending, start);
  }

  static Answer count(Exchange exchange) {
    Collection collection = exchange.collection();
    Body body = exchange.bodyIfAny().only("filter", "exact", "shard_key");
    noShard(body);
    body.at("exact").isTrue(true);
    Filter filter = body.at("filter").filter();
    long count = filter.isEmpty() ? collection.count() : collection.count(filter);
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeNumberProperty("count", count);
      to.writeEndObject();
    });
  }

  // Writing ----------------------------------------------------------------------------------

  /// Something that is done to a collection.
  @FunctionalInterface
  private interface Operation {
    void run(Collection collection);
  }

  static Answer upsert(Exchange exchange) {
    return one(exchange, "upsert");
  }

  static Answer delete(Exchange exchange) {
    return one(exchange, "delete");
  }

  static Answer setPayload(Exchange exchange) {
    return one(exchange, "set_payload");
  }

  static Answer overwritePayload(Exchange exchange) {
    return one(exchange, "overwrite_payload");
  }

  static Answer deletePayload(Exchange exchange) {
    return one(exchange, "delete_payload");
  }

  static Answer clearPayload(Exchange exchange) {
    return one(exchange, "clear_payload");
  }

  static Answer updateVectors(Exchange exchange) {
    return one(exchange, "update_vectors");
  }

  static Answer deleteVectors(Exchange exchange) {
    exchange.collection();
    throw noneWithoutVector();
  }

  private static ApiException noneWithoutVector() {
    return ApiException.wrongInput(
        "vectors are not deleted without their points here: every point has one");
  }

  private static Answer one(Exchange exchange, String kind) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    operation(kind, exchange.body(collection), collection).run(collection);
    return Updates.done(exchange, collection, List.of());
  }

  /// Several operations, one after the other and each by itself, as by Qdrant: where one fails
  /// those before it stay. All are read before the first is done, so one that is malformed stops
  /// all.
  static Answer batch(Exchange exchange) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    List<Operation> operations = new ArrayList<>();
    for (Body each : exchange.body(collection).only("operations").at("operations").array()) {
      if (each.object().node().size() != 1) {
        throw each.wrong("must have exactly one operation");
      }
      String kind = each.node().propertyNames().iterator().next();
      operations.add(operation(kind, each.at(kind), collection));
    }
    boolean waits = exchange.isTrue("wait", false);
    List<Long> sequences = new ArrayList<>();
    for (Operation operation : operations) {
      operation.run(collection);
      sequences.add(collection.lastSequence());
    }
    return Answer.result(to -> {
      to.writeStartArray();
      sequences.forEach(sequence -> Updates.write(to, sequence, waits));
      to.writeEndArray();
    });
  }

  private static Operation operation(String kind, Body body, Collection collection) {
    noShard(body.object());
    return switch (kind) {
      case "upsert" -> upsert(body, collection);
      case "delete" -> delete(body);
      case "set_payload" -> setPayload(body, false);
      case "overwrite_payload" -> setPayload(body, true);
      case "delete_payload" -> deletePayload(body);
      case "clear_payload" -> clearPayload(body);
      case "update_vectors" -> updateVectors(body, collection);
      case "delete_vectors" -> throw noneWithoutVector();
      default ->
          throw ApiException.format(
              kind
                  + " is no operation; there are upsert, delete, set_payload, overwrite_payload,"
                  + " delete_payload, clear_payload, update_vectors");
    };
  }

  private static Operation upsert(Body body, Collection collection) {
    body.only("points", "batch", "shard_key", "update_mode", "update_filter");
    if (body.has("update_filter")
        || (body.has("update_mode") && !body.at("update_mode").text().equals("upsert"))) {
      throw ApiException.wrongInput(
          "conditional updates are not supported; leave "
              + (body.has("update_filter") ? "update_filter" : "update_mode")
              + " out");
    }
    if (body.has("points") == body.has("batch")) {
      throw body.wrong("must have points or batch");
    }
    List<Point> points =
        body.has("points")
            ? listed(body.at("points"), collection)
            : columns(body.at("batch"), collection);
    return target -> {
      if (!points.isEmpty()) {
        target.upsert(points);
      }
    };
  }

  private static List<Point> listed(Body list, Collection collection) {
    int dimension = collection.spec().dimension();
    List<Point> points = new ArrayList<>(list.node().size());
    for (Body each : list.array()) {
      each.only("id", "vector", "payload", "expires_at");
      Point point =
          Point.of(
              each.at("id").id(),
              vector(each.at("vector"), dimension),
              each.at("payload").payload());
      points.add(each.at("expires_at").ifAny(PointsApi::time).map(point::expiresAt).orElse(point));
    }
    return points;
  }

  private static Instant time(Body text) {
    try {
      return Instant.parse(text.text());
    } catch (DateTimeException e) {
      throw text.wrong("must be a time such as 2030-01-01T00:00:00Z");
    }
  }

  private static Vector vector(Body body, int dimension) {
    if (!body.isThere()) {
      throw body.wrong("must be a vector: every point has one here");
    }
    return body.vector(dimension);
  }

  private static List<Point> columns(Body batch, Collection collection) {
    batch.only("ids", "vectors", "payloads");
    int dimension = collection.spec().dimension();
    List<VectorId> ids = batch.at("ids").ids();
    Body all = batch.at("vectors").nameless();
    if (all.node().isObject()) {
      throw ApiException.wrongInput(batch.path() + ".vectors: " + Body.ONE_DENSE_ONLY);
    }
    List<Body> vectors = all.array();
    List<Body> payloads = batch.at("payloads").arrayIfAny();
    if (vectors.size() != ids.size() || (!payloads.isEmpty() && payloads.size() != ids.size())) {
      throw ApiException.of(
          422,
          "Validation error in JSON body: [batch: number of ids ("
              + ids.size()
              + "), vectors ("
              + vectors.size()
              + ") and payloads ("
              + payloads.size()
              + ") must be the same]");
    }
    List<Point> points = new ArrayList<>(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      points.add(
          Point.of(
              ids.get(i),
              vectors.get(i).vector(dimension),
              payloads.isEmpty() ? Payload.EMPTY : payloads.get(i).payload()));
    }
    return points;
  }

  private static Operation updateVectors(Body body, Collection collection) {
    body.only("points", "shard_key", "update_filter");
    if (body.has("update_filter")) {
      throw ApiException.wrongInput(
          "conditional updates are not supported; leave update_filter out");
    }
    int dimension = collection.spec().dimension();
    Map<VectorId, Vector> vectors = new LinkedHashMap<>();
    for (Body each : body.at("points").array()) {
      each.only("id", "vector");
      vectors.put(each.at("id").id(), vector(each.at("vector"), dimension));
    }
    return target -> {
      if (!vectors.isEmpty()) {
        target.replaceVectors(vectors);
      }
    };
  }

  /// Which points are meant: some by their ids, or those that fulfil a filter.
  private record Selected(Optional<List<VectorId>> ids, Optional<Filter> filter) {
    static Selected of(Body body) {
      Optional<List<VectorId>> ids = body.at("points").ifAny(Body::ids);
      Optional<Filter> filter = body.at("filter").ifAny(Body::filter);
      if (ids.isPresent() == filter.isPresent()) {
        throw ApiException.of(
            422, "Validation error in JSON body: [points, filter: give one of them]");
      }
      return new Selected(ids, filter);
    }

    void edit(Collection collection, UnaryOperator<Payload> change) {
      ids.filter(some -> !some.isEmpty()).ifPresent(some -> collection.editPayload(some, change));
      filter.ifPresent(wanted -> collection.editPayload(wanted, change));
    }

    void overwrite(Collection collection, Payload payload) {
      ids.filter(some -> !some.isEmpty())
          .ifPresent(some -> collection.overwritePayload(some, payload));
      filter.ifPresent(wanted -> collection.overwritePayload(wanted, payload));
    }
  }

  private static Operation delete(Body body) {
    if (body.node().isArray()) {
      throw body.wrong("must be an object with points or filter");
    }
    Selected selected = Selected.of(body.only("points", "filter", "shard_key"));
    return collection -> {
      selected.ids().filter(some -> !some.isEmpty()).ifPresent(collection::delete);
      selected.filter().ifPresent(collection::delete);
    };
  }

  private static Operation setPayload(Body body, boolean replaces) {
    body.only("payload", "points", "filter", "key", "shard_key");
    Selected selected = Selected.of(body);
    body.at("payload").object();
    Payload payload = body.at("payload").payload();
    if (body.has("key")) {
      PayloadPath path = new PayloadPath(path(body.at("key")), payload);
      return collection -> selected.edit(collection, path::set);
    }
    return replaces
        ? collection -> selected.overwrite(collection, payload)
        : collection -> selected.edit(collection, old -> old.merged(payload));
  }

  private static FieldPath path(Body key) {
    try {
      return FieldPath.parse(key.text());
    } catch (IllegalArgumentException e) {
      throw ApiException.format(key.path() + ": " + e.getMessage());
    }
  }

  private static Operation deletePayload(Body body) {
    body.only("keys", "points", "filter", "shard_key");
    Selected selected = Selected.of(body);
    PayloadSelection rest =
        new PayloadSelection(
            PayloadSelection.Kind.EXCLUDE,
            body.at("keys").array().stream().map(PointsApi::path).toList());
    return collection -> selected.edit(collection, old -> old.select(rest));
  }

  private static Operation clearPayload(Body body) {
    Selected selected = Selected.of(body.only("points", "filter", "shard_key"));
    return collection -> selected.overwrite(collection, Payload.EMPTY);
  }
}
