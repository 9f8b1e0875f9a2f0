package io.sonidb.client;

import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.RoundingReport;
import io.sonidb.filter.FieldType;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// What a node says about a collection.
///
/// @param spec what it is
/// @param stats its figures
record CollectionInfo(CollectionSpec spec, CollectionStats stats) {

  /// Reads the result of `GET /collections/{collection}`.
  ///
  /// @throws IllegalArgumentException if something is missing that every node says
  static CollectionInfo of(JsonNode result) {
    JsonNode own = object(result, "sonidb");
    JsonNode vectors = object(object(object(result, "config"), "params"), "vectors");
    Map<String, FieldType> indexes = new TreeMap<>();
    object(result, "payload_schema")
        .properties()
        .forEach(each -> indexes.put(each.getKey(), type(text(each.getValue(), "data_type"))));
    CollectionSpec spec =
        new CollectionSpec(
            (int) whole(vectors, "size"),
            Metric.parse(text(vectors, "distance").toLowerCase(Locale.ROOT)),
            ElementType.parse(text(own, "element")),
            Sonification.parse(text(own, "sonification")),
            Quantisation.parse(text(own, "quantize")),
            Durability.parse(text(own, "durability")),
            whole(own, "segment_bytes"),
            seconds(own, "time_to_live_seconds"),
            seconds(own, "retention_seconds"),
            indexes,
            own.path("index_what_is_asked").asBoolean(false));
    return new CollectionInfo(spec, stats(result, own, spec));
  }

  private static CollectionStats stats(JsonNode result, JsonNode own, CollectionSpec spec) {
    return new CollectionStats(
        whole(result, "points_count"),
        whole(own, "records"),
        whole(result, "segments_count"),
        whole(own, "sealed_segments"),
        whole(own, "disk_bytes"),
        number(own, "bytes_per_vector"),
        whole(own, "header_bytes"),
        whole(own, "index_bytes"),
        whole(own, "live_bytes"),
        number(own, "space_amplification"),
        whole(own, "directory_bytes"),
        whole(own, "last_sequence"),
        whole(own, "horizon"),
        whole(own, "complete_from"),
        whole(own, "outdated_segments"),
        spec.dimension(),
        spec.element(),
        spec.sonification(),
        spec.quantize(),
        rounding(own.path("rounding")),
        spec.metric(),
        spec.durability(),
        spec.payloadIndexes(),
        whole(own, "payload_index_bytes"),
        search(object(own, "search_index")),
        copy(own),
        whole(own, "syncs"),
        number(own, "sync_seconds"),
        text(own, "kernels"),
        text(own, "codec_kernels"));
  }

  private static CollectionStats.SearchIndex search(JsonNode index) {
    return new CollectionStats.SearchIndex(
        (int) whole(index, "parts"),
        whole(index, "bytes"),
        whole(index, "linked"),
        whole(index, "coded"),
        whole(index, "backlog"),
        text(index, "generation"));
  }

  private static CollectionStats.Copy copy(JsonNode own) {
    return new CollectionStats.Copy(
        own.path("replica").asBoolean(false),
        own.path("epoch").asInt(1),
        own.has("lag_seconds")
            ? OptionalDouble.of(number(own, "lag_seconds"))
            : OptionalDouble.empty(),
        own.has("lag_writes") ? OptionalLong.of(whole(own, "lag_writes")) : OptionalLong.empty());
  }

  private static Optional<RoundingReport> rounding(JsonNode rounding) {
    if (!rounding.isObject()) {
      return Optional.empty();
    }
    return Optional.of(
        new RoundingReport(
            (int) whole(rounding, "sample"),
            number(rounding, "step"),
            number(rounding, "max_error"),
            number(rounding, "rms_error"),
            number(rounding, "relative_error"),
            rounding.has("recall_at_10")
                ? OptionalDouble.of(number(rounding, "recall_at_10"))
                : OptionalDouble.empty()));
  }

  private static FieldType type(String qdrantName) {
    return FieldType.parse(qdrantName.equals("bool") ? "boolean" : qdrantName);
  }

  private static JsonNode object(JsonNode from, String key) {
    if (!from.path(key).isObject()) {
      throw missing(key);
    }
    return from.get(key);
  }

  private static String text(JsonNode from, String key) {
    if (!from.path(key).isString()) {
      throw missing(key);
    }
    return from.get(key).stringValue();
  }

  private static long whole(JsonNode from, String key) {
    if (!from.path(key).canConvertToLong()) {
      throw missing(key);
    }
    return from.get(key).longValue();
  }

  /// A number; one that JSON has not is a string.
  private static double number(JsonNode from, String key) {
    JsonNode value = from.path(key);
    if (value.isString()) {
      return Double.parseDouble(value.stringValue());
    }
    if (!value.isNumber()) {
      throw missing(key);
    }
    return value.doubleValue();
  }

  private static Duration seconds(JsonNode from, String key) {
    return Duration.ofMillis(Math.round(number(from, key) * 1000));
  }

  private static IllegalArgumentException missing(String key) {
    return new IllegalArgumentException(
        "it says nothing of " + key + " of the collection: is it an older version?");
  }
}
