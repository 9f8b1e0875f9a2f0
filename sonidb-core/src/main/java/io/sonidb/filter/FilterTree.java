package io.sonidb.filter;

import io.sonidb.sound.VectorId;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A filter as maps and lists, which become the JSON form of Qdrant.
final class FilterTree {
  private FilterTree() {}

  static Map<String, Object> of(Filter filter) {
    Map<String, Object> json = new LinkedHashMap<>();
    put(json, "must", filter.must());
    put(json, "should", filter.should());
    put(json, "must_not", filter.mustNot());
    filter
        .minShould()
        .ifPresent(some -> {
          Map<String, Object> inner = new LinkedHashMap<>();
          inner.put("conditions", all(some.conditions()));
          inner.put("min_count", some.minCount());
          json.put("min_should", inner);
        });
    return json;
  }

  private static void put(Map<String, Object> json, String key, List<Condition> conditions) {
    if (!conditions.isEmpty()) {
      json.put(key, all(conditions));
    }
  }

  private static List<Map<String, Object>> all(List<Condition> conditions) {
    return conditions.stream().map(FilterTree::of).toList();
  }

  private static Map<String, Object> of(Condition condition) {
    return switch (condition) {
      // One without clauses would not be told from something that is no condition at all.
      case Filter filter -> filter.isEmpty() ? Map.of("must", List.of()) : of(filter);
      case Condition.HasId hasId ->
          Map.of("has_id", hasId.ids().stream().sorted().map(FilterTree::id).toList());
      case Condition.Nested nested ->
          Map.of("nested", ordered("key", nested.key().toString(), "filter", of(nested.filter())));
      case Condition.OfField field -> ofField(field);
    };
  }

  private static Object id(VectorId id) {
    return id instanceof VectorId.Number ? new BigInteger(id.toString()) : id.toString();
  }

  private static Map<String, Object> ofField(Condition.OfField field) {
    String key = field.key().toString();
    return switch (field) {
      case Condition.IsEmpty _ -> Map.of("is_empty", Map.of("key", key));
      case Condition.IsNull _ -> Map.of("is_null", Map.of("key", key));
      case Condition.MatchValue match ->
          ordered("key", key, "match", Map.of("value", value(match.value())));
      case Condition.MatchAny match ->
          ordered("key", key, "match", Map.of("any", values(match.values())));
      case Condition.MatchExcept match ->
          ordered("key", key, "match", Map.of("except", values(match.values())));
      case Condition.MatchText match -> ordered("key", key, "match", Map.of("text", match.text()));
      case Condition.NumberRange range ->
          ordered("key", key, "range", bounds(range.gt(), range.gte(), range.lt(), range.lte()));
      case Condition.TimeRange range -> ordered("key", key, "range", times(range));
      case Condition.ValuesCount count ->
          ordered(
              "key", key, "values_count", bounds(count.gt(), count.gte(), count.lt(), count.lte()));
      case Condition.GeoBox box ->
          ordered(
              "key",
              key,
              "geo_bounding_box",
              ordered("top_left", of(box.topLeft()), "bottom_right", of(box.bottomRight())));
      case Condition.GeoRadius radius ->
          ordered(
              "key",
              key,
              "geo_radius",
              ordered("center", of(radius.center()), "radius", radius.metres()));
      case Condition.GeoPolygon polygon -> ordered("key", key, "geo_polygon", of(polygon));
    };
  }

  private static Map<String, Object> of(Condition.GeoPolygon polygon) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("exterior", ring(polygon.exterior()));
    if (!polygon.interiors().isEmpty()) {
      json.put("interiors", polygon.interiors().stream().map(FilterTree::ring).toList());
    }
    return json;
  }

  private static Map<String, Object> ring(List<GeoPoint> corners) {
    return Map.of("points", corners.stream().map(FilterTree::of).toList());
  }

  private static Map<String, Object> of(GeoPoint point) {
    return ordered("lon", point.longitude(), "lat", point.latitude());
  }

  private static Map<String, Object> times(Condition.TimeRange range) {
    return bounds(
        range.gt().map(Object::toString),
        range.gte().map(Object::toString),
        range.lt().map(Object::toString),
        range.lte().map(Object::toString));
  }

  private static <T> Map<String, Object> bounds(
      Optional<T> gt, Optional<T> gte, Optional<T> lt, Optional<T> lte) {
    Map<String, Object> json = new LinkedHashMap<>();
    gt.ifPresent(bound -> json.put("gt", bound));
    gte.ifPresent(bound -> json.put("gte", bound));
    lt.ifPresent(bound -> json.put("lt", bound));
    lte.ifPresent(bound -> json.put("lte", bound));
    return json;
  }

  private static List<Object> values(Set<Scalar> values) {
    return values.stream()
        .map(FilterTree::value)
        .sorted((a, b) ->
            a instanceof Long x && b instanceof Long y
                ? Long.compare(x, y)
                : a.toString().compareTo(b.toString()))
        .toList();
  }

  private static Object value(Scalar value) {
    return switch (value) {
      case Scalar.Text(String text) -> text;
      case Scalar.Whole(long whole) -> whole;
      case Scalar.Truth(boolean truth) -> truth;
    };
  }

  private static Map<String, Object> ordered(String a, Object first, String b, Object second) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(a, first);
    json.put(b, second);
    return json;
  }
}
