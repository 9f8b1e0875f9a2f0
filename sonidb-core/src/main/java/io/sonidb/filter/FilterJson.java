package io.sonidb.filter;

import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads filters in the JSON form of Qdrant. Each error names the place in the JSON, and the value.
///
/// Keys that are not known are errors: a condition that is misspelt must not count for nothing.
final class FilterJson {
  private static final int MAX_SHOWN = 80;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Set<String> CLAUSES = Set.of("must", "should", "must_not", "min_should");

  private FilterJson() {}

  static Filter read(String json) {
    if (json.length() > Filter.MAX_JSON_LENGTH) {
      throw new MalformedFilterException(
          "filter",
          "must have at most " + Filter.MAX_JSON_LENGTH + " characters, had " + json.length());
    }
    JsonNode node;
    try {
      node = JSON.readTree(json);
    } catch (JacksonException e) {
      throw new MalformedFilterException("filter", "is not JSON: " + e.getOriginalMessage());
    }
    return filter(new Place("filter", node), 1);
  }

  static String write(Filter filter) {
    return JSON.writeValueAsString(FilterTree.of(filter));
  }

  /// A value and where it stands.
  private record Place(String path, JsonNode node) {
    Place at(String key) {
      return new Place(path + "." + key, node.path(key));
    }

    List<Place> elements() {
      List<Place> all = new ArrayList<>();
      for (int i = 0; i < node.size(); i++) {
        all.add(new Place(path + "[" + i + "]", node.get(i)));
      }
      return all;
    }

    MalformedFilterException wrong(String needed) {
      String shown = node.isMissingNode() ? "nothing" : node.toString();
      return new MalformedFilterException(
          path,
          needed
              + ", was "
              + (shown.length() > MAX_SHOWN ? shown.substring(0, MAX_SHOWN) + "..." : shown));
    }

    Place object() {
      if (!node.isObject()) {
        throw wrong("must be an object");
      }
      return this;
    }

    /// Refuses other keys than these.
    Place only(Set<String> known) {
      for (Map.Entry<String, JsonNode> each : object().node.properties()) {
        if (!known.contains(each.getKey())) {
          throw new Place(path + "." + each.getKey(), each.getValue())
              .wrong(
                  "is not known here; there are "
                      + String.join(", ", known.stream().sorted().toList()));
        }
      }
      return this;
    }

    List<Place> array() {
      if (!node.isArray()) {
        throw wrong("must be an array");
      }
      return elements();
    }

    String string() {
      if (!node.isString()) {
        throw wrong("must be a string");
      }
      return node.stringValue();
    }

    double number() {
      double value = node.isNumber() ? node.numberValue().doubleValue() : Double.NaN;
      if (!Double.isFinite(value)) {
        throw wrong("must be a number");
      }
      return value;
    }

    long whole() {
      if (!node.isIntegralNumber() || !node.canConvertToLong()) {
        throw wrong("must be a whole number");
      }
      return node.longValue();
    }

    /// What is made of it; an argument that is refused is an error of this place.
    <T> T made(Function<Place, T> maker) {
      try {
        return maker.apply(this);
      } catch (MalformedFilterException e) {
        throw e;
      } catch (IllegalArgumentException e) {
        throw new MalformedFilterException(path, String.valueOf(e.getMessage()));
      }
    }

    <T> Optional<T> optional(String key, Function<Place, T> maker) {
      return node.path(key).isMissingNode() || node.path(key).isNull()
          ? Optional.empty()
          : Optional.of(maker.apply(at(key)));
    }
  }

  private static Filter filter(Place place, int depth) {
    if (depth > Filter.MAX_DEPTH) {
      throw new MalformedFilterException(
          place.path(), "must be at most " + Filter.MAX_DEPTH + " filters deep");
    }
    place.only(CLAUSES);
    return place.made(_ ->
        new Filter(
            clause(place, "must", depth),
            clause(place, "should", depth),
            clause(place, "must_not", depth),
            place.optional("min_should", at -> minShould(at, depth))));
  }

  /// A clause may be one condition instead of an array of them.
  private static List<Condition> clause(Place place, String key, int depth) {
    return place
        .optional(
            key, at -> at.node().isObject() ? List.of(condition(at, depth)) : conditions(at, depth))
        .orElse(List.of());
  }

  private static List<Condition> conditions(Place place, int depth) {
    if (place.node().size() > Filter.MAX_CONDITIONS) {
      throw new MalformedFilterException(
          place.path(), "must have at most " + Filter.MAX_CONDITIONS + " conditions");
    }
    List<Condition> conditions = new ArrayList<>();
    place.array().forEach(each -> conditions.add(condition(each, depth)));
    return conditions;
  }

  private static Filter.MinShould minShould(Place place, int depth) {
    place.only(Set.of("conditions", "min_count"));
    long count = place.at("min_count").whole();
    return place.made(_ ->
        new Filter.MinShould(
            conditions(place.at("conditions"), depth), Math.clamp(count, -1, Integer.MAX_VALUE)));
  }

  private static Condition condition(Place place, int depth) {
    JsonNode node = place.object().node();
    if (node.has("key")) {
      return place.made(FilterJson::ofField);
    }
    if (node.has("has_id")) {
      return hasId(place.only(Set.of("has_id")).at("has_id"));
    }
    if (node.has("has_vector")) {
      Place name = place.only(Set.of("has_vector")).at("has_vector");
      if (!name.string().isEmpty()) {
        throw name.wrong("must be \"\", the one vector that every point has");
      }
      return Filter.ALL;
    }
    if (node.has("nested")) {
      Place nested = place.only(Set.of("nested")).at("nested").only(Set.of("key", "filter"));
      return nested.made(_ ->
          new Condition.Nested(path(nested.at("key")), filter(nested.at("filter"), depth + 1)));
    }
    for (String name : List.of("is_empty", "is_null")) {
      if (node.has(name)) {
        Place named = place.only(Set.of(name)).at(name);
        FieldPath key = path(named.only(Set.of("key")).at("key"));
        return name.equals("is_empty") ? new Condition.IsEmpty(key) : new Condition.IsNull(key);
      }
    }
    if (node.properties().stream().anyMatch(each -> CLAUSES.contains(each.getKey()))) {
      return filter(place, depth + 1);
    }
    throw place.wrong(
        "must be a condition: an object with key, has_id, has_vector, is_empty, is_null, nested, or a filter");
  }

  private static Condition hasId(Place place) {
    checkCount(place);
    Set<VectorId> ids = new LinkedHashSet<>();
    for (Place each : place.array()) {
      ids.add(each.made(FilterJson::id));
    }
    return place.made(_ -> new Condition.HasId(ids));
  }

  private static VectorId id(Place place) {
    JsonNode node = place.node();
    if (node.isString()) {
      return VectorId.parse(node.stringValue());
    }
    if (node.isIntegralNumber()) {
      return VectorId.parse(node.numberValue().toString());
    }
    throw place.wrong("must be an id, a whole number or a string");
  }

  private static void checkCount(Place place) {
    if (place.node().size() > Filter.MAX_VALUES) {
      throw new MalformedFilterException(
          place.path(),
          "must have at most " + Filter.MAX_VALUES + " values, had " + place.node().size());
    }
  }

  private static FieldPath path(Place place) {
    String text = place.string();
    return place.made(_ -> FieldPath.parse(text));
  }

  private static final Set<String> FIELD_CONDITIONS =
      Set.of(
          "match",
          "range",
          "values_count",
          "geo_bounding_box",
          "geo_radius",
          "geo_polygon",
          "is_empty",
          "is_null");

  private static Condition ofField(Place place) {
    FieldPath key = path(place.at("key"));
    Set<String> known = new LinkedHashSet<>(FIELD_CONDITIONS);
    known.add("key");
    place.only(known);
    List<String> given =
        place.node().properties().stream()
            .filter(each -> FIELD_CONDITIONS.contains(each.getKey()) && !each.getValue().isNull())
            .map(Map.Entry::getKey)
            .toList();
    if (given.size() != 1) {
      throw place.wrong(
          "must have exactly one of "
              + String.join(", ", FIELD_CONDITIONS.stream().sorted().toList()));
    }
    Place at = place.at(given.getFirst());
    return at.made(_ ->
        switch (given.getFirst()) {
          case "match" -> match(key, at);
          case "range" -> range(key, at);
          case "values_count" ->
              new Condition.ValuesCount(
                  key,
                  bounds(at).optional("gt", Place::whole),
                  at.optional("gte", Place::whole),
                  at.optional("lt", Place::whole),
                  at.optional("lte", Place::whole));
          case "geo_bounding_box" -> box(key, at);
          case "geo_radius" -> radius(key, at);
          case "geo_polygon" -> polygon(key, at);
          case "is_empty" -> isOrNot(new Condition.IsEmpty(key), at);
          default -> isOrNot(new Condition.IsNull(key), at);
        });
  }

  private static Condition isOrNot(Condition condition, Place place) {
    if (!place.node().isBoolean()) {
      throw place.wrong("must be true or false");
    }
    return place.node().booleanValue() ? condition : Filter.mustNot(condition);
  }

  private static Condition match(FieldPath key, Place place) {
    place.only(Set.of("value", "any", "except", "text"));
    if (place.node().size() != 1) {
      throw place.wrong("must have exactly one of any, except, text, value");
    }
    String kind = place.node().properties().iterator().next().getKey();
    Place at = place.at(kind);
    return switch (kind) {
      case "value" -> new Condition.MatchValue(key, scalar(at));
      case "any" -> at.made(_ -> new Condition.MatchAny(key, scalars(at)));
      case "except" -> at.made(_ -> new Condition.MatchExcept(key, scalars(at)));
      default -> new Condition.MatchText(key, at.string());
    };
  }

  private static Set<Scalar> scalars(Place place) {
    checkCount(place);
    Set<Scalar> values = new LinkedHashSet<>();
    place.array().forEach(each -> values.add(scalar(each)));
    return values;
  }

  private static Scalar scalar(Place place) {
    JsonNode node = place.node();
    if (node.isString()) {
      return Scalar.of(node.stringValue());
    }
    if (node.isBoolean()) {
      return Scalar.of(node.booleanValue());
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return Scalar.of(node.longValue());
    }
    throw place.wrong("must be a string, a whole number of 64 bits, true or false");
  }

  private static Place bounds(Place place) {
    return place.only(Set.of("gt", "gte", "lt", "lte"));
  }

  private static Condition range(FieldPath key, Place place) {
    bounds(place);
    boolean times = place.node().properties().stream().anyMatch(each -> each.getValue().isString());
    return times
        ? new Condition.TimeRange(
            key,
            place.optional("gt", FilterJson::time),
            place.optional("gte", FilterJson::time),
            place.optional("lt", FilterJson::time),
            place.optional("lte", FilterJson::time))
        : new Condition.NumberRange(
            key,
            place.optional("gt", Place::number),
            place.optional("gte", Place::number),
            place.optional("lt", Place::number),
            place.optional("lte", Place::number));
  }

  private static Instant time(Place place) {
    return (place.node().isString()
            ? TimeText.parse(place.node().stringValue())
            : Optional.<Instant>empty())
        .orElseThrow(() -> place.wrong("must be a time as in RFC 3339"));
  }

  private static GeoPoint point(Place place) {
    place.only(Set.of("lon", "lat"));
    return place.made(_ -> new GeoPoint(place.at("lon").number(), place.at("lat").number()));
  }

  private static Condition box(FieldPath key, Place place) {
    place.only(Set.of("top_left", "bottom_right"));
    return new Condition.GeoBox(key, point(place.at("top_left")), point(place.at("bottom_right")));
  }

  private static Condition radius(FieldPath key, Place place) {
    place.only(Set.of("center", "radius"));
    return new Condition.GeoRadius(key, point(place.at("center")), place.at("radius").number());
  }

  private static Condition polygon(FieldPath key, Place place) {
    place.only(Set.of("exterior", "interiors"));
    List<List<GeoPoint>> holes = new ArrayList<>();
    place
        .optional("interiors", Place::array)
        .orElse(List.of())
        .forEach(each -> holes.add(ring(each)));
    return new Condition.GeoPolygon(key, ring(place.at("exterior")), holes);
  }

  private static List<GeoPoint> ring(Place place) {
    Place corners = place.only(Set.of("points")).at("points");
    checkCount(corners);
    return corners.array().stream().map(FilterJson::point).toList();
  }
}
