package io.sonidb.client;

import io.sonidb.CollectionSpec;
import io.sonidb.Grouping;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.Scroll;
import io.sonidb.filter.Filter;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/// Writes what is sent.
final class BodyWriter {
  private BodyWriter() {}

  static void id(VectorId id, JsonGenerator to) {
    if (!(id instanceof VectorId.Number(long value))) {
      to.writeString(id.toString());
    } else if (value >= 0) {
      to.writeNumber(value);
    } else {
      to.writeNumber(new BigInteger(id.toString()));
    }
  }

  static void ids(String key, List<VectorId> ids, JsonGenerator to) {
    to.writeArrayPropertyStart(key);
    ids.forEach(id -> id(id, to));
    to.writeEndArray();
  }

  static void payload(Payload payload, JsonGenerator to) {
    if (payload.isEmpty()) {
      to.writeStartObject();
      to.writeEndObject();
    } else {
      copy(WireFormat.CBOR.mapper().createParser(payload.cbor()), to);
    }
  }

  private static void copy(JsonParser from, JsonGenerator to) {
    try (from) {
      from.nextToken();
      to.copyCurrentStructure(from);
    }
  }

  static void point(Point point, JsonGenerator to) {
    to.writeStartObject();
    to.writeName("id");
    id(point.id(), to);
    to.writeName("vector");
    VectorJson.write(point.vector(), to);
    if (!point.payload().isEmpty()) {
      to.writeName("payload");
      payload(point.payload(), to);
    }
    point.expiresAt().ifPresent(time -> to.writeStringProperty("expires_at", time.toString()));
    to.writeEndObject();
  }

  /// Nothing for a filter that everything fulfils.
  static void filter(Filter filter, JsonGenerator to) {
    if (!filter.isEmpty()) {
      to.writeName("filter");
      copy(WireFormat.JSON.mapper().createParser(filter.toJson()), to);
    }
  }

  static void selection(PayloadSelection wanted, JsonGenerator to) {
    if (wanted.paths().isEmpty()) {
      to.writeBooleanProperty("with_payload", wanted.kind() == PayloadSelection.Kind.EXCLUDE);
      return;
    }
    to.writeObjectPropertyStart("with_payload");
    to.writeArrayPropertyStart(wanted.kind().name().toLowerCase(Locale.ROOT));
    wanted.paths().forEach(path -> to.writeString(path.toString()));
    to.writeEndArray();
    to.writeEndObject();
  }

  /// The properties of a query, without how many are wanted.
  static void query(Query query, JsonGenerator to) {
    to.writeName("query");
    switch (query.target()) {
      case Query.Nearest(Vector vector) -> VectorJson.write(vector, to);
      case Query.Like(VectorId id) -> id(id, to);
      case Query.Recommend recommend -> recommend(recommend, to);
    }
    filter(query.filter(), to);
    OptionalDouble threshold = query.scoreThreshold();
    if (threshold.isPresent()) {
      to.writeNumberProperty("score_threshold", threshold.getAsDouble());
    }
    to.writeObjectPropertyStart("params");
    to.writeBooleanProperty("exact", query.exact());
    if (query.ef() > 0) {
      to.writeNumberProperty("hnsw_ef", query.ef());
    }
    to.writeEndObject();
    selection(query.payload(), to);
    to.writeBooleanProperty("with_vector", query.withVector());
  }

  private static void recommend(Query.Recommend recommend, JsonGenerator to) {
    to.writeStartObject();
    to.writeObjectPropertyStart("recommend");
    examples("positive", recommend.positives(), to);
    examples("negative", recommend.negatives(), to);
    to.writeStringProperty("strategy", recommend.strategy().name().toLowerCase(Locale.ROOT));
    to.writeEndObject();
    to.writeEndObject();
  }

  private static void examples(String key, List<Query.Example> examples, JsonGenerator to) {
    to.writeArrayPropertyStart(key);
    for (Query.Example each : examples) {
      switch (each) {
        case Query.Example.OfVector(Vector vector) -> VectorJson.write(vector, to);
        case Query.Example.OfId(VectorId id) -> id(id, to);
      }
    }
    to.writeEndArray();
  }

  /// A whole query.
  static void search(Query query, JsonGenerator to) {
    to.writeStartObject();
    query(query, to);
    to.writeNumberProperty("limit", query.k());
    to.writeNumberProperty("offset", query.offset());
    to.writeEndObject();
  }

  static void searchGroups(Query query, Grouping grouping, JsonGenerator to) {
    to.writeStartObject();
    query(query, to);
    to.writeStringProperty("group_by", grouping.field());
    to.writeNumberProperty("limit", grouping.limit());
    to.writeNumberProperty("group_size", grouping.groupSize());
    to.writeEndObject();
  }

  static void scroll(Scroll scroll, JsonGenerator to) {
    to.writeStartObject();
    scroll
        .from()
        .ifPresent(first -> {
          to.writeName("offset");
          id(first, to);
        });
    to.writeNumberProperty("limit", scroll.limit());
    filter(scroll.filter(), to);
    selection(scroll.payload(), to);
    to.writeBooleanProperty("with_vector", true);
    scroll
        .order()
        .ifPresent(order -> {
          to.writeObjectPropertyStart("order_by");
          to.writeStringProperty("key", order.field());
          to.writeStringProperty("direction", order.descending() ? "desc" : "asc");
          order.startFrom().ifPresent(first -> to.writeStringProperty("start_from", first));
          to.writeEndObject();
        });
    to.writeEndObject();
  }

  static void spec(CollectionSpec spec, JsonGenerator to) {
    to.writeStartObject();
    to.writeObjectPropertyStart("vectors");
    to.writeNumberProperty("size", spec.dimension());
    to.writeStringProperty("distance", distance(spec.metric()));
    to.writeEndObject();
    to.writeObjectPropertyStart("sonidb");
    to.writeStringProperty("element", spec.element().toString());
    if (spec.quantize().isRounding()) {
      to.writeNumberProperty("quantize", spec.quantize().bits());
    }
    settings(spec, to);
    to.writeEndObject();
    to.writeEndObject();
  }

  /// What of a collection can be altered.
  static void alteration(CollectionSpec spec, JsonGenerator to) {
    to.writeStartObject();
    to.writeObjectPropertyStart("sonidb");
    to.writeStringProperty("metric", spec.metric().toString());
    to.writeStringProperty("element", spec.element().toString());
    to.writeStringProperty("quantize", spec.quantize().toString());
    settings(spec, to);
    to.writeEndObject();
    to.writeEndObject();
  }

  private static void settings(CollectionSpec spec, JsonGenerator to) {
    to.writeStringProperty("sonification", spec.sonification().toString());
    to.writeStringProperty("durability", spec.durability().toString());
    to.writeNumberProperty("segment_bytes", spec.segmentBytes());
    to.writeNumberProperty("time_to_live_seconds", seconds(spec.timeToLive()));
    to.writeNumberProperty("retention_seconds", seconds(spec.retention()));
    to.writeBooleanProperty("index_what_is_asked", spec.indexesWhatIsAsked());
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  private static String distance(Metric metric) {
    String name = metric.toString();
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }
}
