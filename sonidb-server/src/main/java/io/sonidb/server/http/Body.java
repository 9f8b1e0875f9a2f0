package io.sonidb.server.http;

import io.sonidb.Payload;
import io.sonidb.filter.Filter;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.POJONode;
import tools.jackson.dataformat.cbor.CBORMapper;

/// A value in a body, and where it stands. What is null counts as if it was not there.
///
/// @param path such as `points[3].payload`; empty for the whole body
record Body(String path, JsonNode node) {
  static final String ONE_DENSE_ONLY =
      "named, sparse and multi-vectors are not supported, nor is inference: a point has one dense"
          + " vector, an array of numbers";

  private static final int MAX_SHOWN = 80;
  private static final int MAX_ELEMENTS = 100_000;
  private static final CBORMapper CBOR = CBORMapper.builder().build();

  Body at(String key) {
    return new Body(path.isEmpty() ? key : path + "." + key, node.path(key));
  }

  boolean isThere() {
    return !node.isMissingNode() && !node.isNull();
  }

  boolean has(String key) {
    return at(key).isThere();
  }

  ApiException wrong(String needed) {
    return ApiException.format((path.isEmpty() ? "the body" : path) + ": " + needed + was());
  }

  private String was() {
    if (!isThere()) {
      return ", was nothing";
    }
    String text = node instanceof POJONode ? "an array of numbers" : node.toString();
    return ", was " + (text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text);
  }

  /// This object, which must have no other keys than these.
  Body only(String... known) {
    Set<String> keys = Set.of(known);
    for (Map.Entry<String, JsonNode> each : object().node.properties()) {
      if (!keys.contains(each.getKey()) && !each.getValue().isNull()) {
        throw ApiException.format(
            (path.isEmpty() ? "" : path + ".")
                + each.getKey()
                + " is not known here; there are "
                + String.join(", ", keys.stream().sorted().toList()));
      }
    }
    return this;
  }

  /// Keys of this object other than these.
  Set<String> others(String... known) {
    Set<String> keys = new HashSet<>();
    object().node.properties().stream()
        .filter(each -> !each.getValue().isNull())
        .forEach(each -> keys.add(each.getKey()));
    keys.removeAll(Set.of(known));
    return keys;
  }

  Body object() {
    if (!node.isObject()) {
      throw wrong("must be an object");
    }
    return this;
  }

  List<Body> array() {
    if (!node.isArray()) {
      throw wrong("must be an array");
    }
    if (node.size() > MAX_ELEMENTS) {
      throw ApiException.format(
          path + " must have at most " + MAX_ELEMENTS + " elements, had " + node.size());
    }
    List<Body> elements = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      elements.add(new Body(path + "[" + i + "]", node.get(i)));
    }
    return elements;
  }

  /// Elements of an array that need not be there.
  List<Body> arrayIfAny() {
    return isThere() ? array() : List.of();
  }

  <T> Optional<T> ifAny(Function<Body, T> reader) {
    return isThere() ? Optional.of(reader.apply(this)) : Optional.empty();
  }

  String text() {
    if (!node.isString()) {
      throw wrong("must be a string");
    }
    return node.stringValue();
  }

  /// One of some words, in any case.
  String word(String... words) {
    String text = text().toLowerCase(Locale.ROOT);
    if (!List.of(words).contains(text)) {
      throw wrong("must be one of " + String.join(", ", words));
    }
    return text;
  }

  boolean isTrue(boolean fallback) {
    if (!isThere()) {
      return fallback;
    }
    if (!node.isBoolean()) {
      throw wrong("must be true or false");
    }
    return node.booleanValue();
  }

  /// A whole number in a range; what lies below is said as Qdrant says it.
  int whole(int least, int most) {
    if (!node.isIntegralNumber()) {
      throw wrong("must be a whole number");
    }
    if (!node.canConvertToInt() || node.intValue() < least || node.intValue() > most) {
      boolean isLow = node.canConvertToInt() && node.intValue() < least;
      throw ApiException.range(
          path,
          node.toString().length() > MAX_SHOWN ? "of many digits" : node.toString(),
          isLow ? "must be " + least + " or larger" : "must be from " + least + " to " + most);
    }
    return node.intValue();
  }

  int whole(int least, int most, int fallback) {
    return isThere() ? whole(least, most) : fallback;
  }

  double number() {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw wrong("must be a number");
    }
    return node.doubleValue();
  }

  OptionalDouble numberIfAny() {
    return isThere() ? OptionalDouble.of(number()) : OptionalDouble.empty();
  }

  VectorId id() {
    try {
      if (node.isString()) {
        return VectorId.parse(node.stringValue());
      }
      if (node.isIntegralNumber()) {
        VectorId id = VectorId.parse(node.numberValue().toString());
        if (id instanceof VectorId.Number) {
          return id;
        }
      }
    } catch (IllegalArgumentException e) {
      throw ApiException.format(path + ": " + e.getMessage());
    }
    throw wrong("must be an id: an unsigned number of 64 bits, a UUID or another string");
  }

  List<VectorId> ids() {
    return array().stream().map(Body::id).toList();
  }

  /// Whether it is an array of numbers where a vector may be.
  boolean isVector() {
    return nameless().node instanceof POJONode pojo && pojo.getPojo() instanceof Vector;
  }

  /// What clients that know of several vectors call "", the only one here: `{"": vector}`, or
  /// `{"name": "", "vector": vector}`.
  Body nameless() {
    if (node.isObject() && node.size() == 1 && has("")) {
      return at("");
    }
    boolean isNamed = node.isObject() && node.size() == 2 && has("name") && has("vector");
    return isNamed && at("name").text().isEmpty() ? at("vector") : this;
  }

  /// A vector of that many components.
  Vector vector(int dimension) {
    if (!(nameless().node instanceof POJONode pojo && pojo.getPojo() instanceof Vector vector)) {
      if (node.isObject() || node.isArray()) {
        throw ApiException.wrongInput(path + ": " + ONE_DENSE_ONLY);
      }
      throw wrong("must be a vector, an array of numbers");
    }
    if (vector.dimension() != dimension) {
      throw ApiException.wrongInput(
          "Vector dimension error: expected dim: " + dimension + ", got " + vector.dimension());
    }
    return vector;
  }

  /// A payload; nothing is an empty one.
  Payload payload() {
    if (!isThere()) {
      return Payload.EMPTY;
    }
    try {
      return Payload.ofCbor(CBOR.writeValueAsBytes(object().node));
    } catch (IllegalArgumentException e) {
      throw ApiException.wrongInput(path + ": " + e.getMessage());
    }
  }

  /// A filter; nothing is one that everything fulfils.
  Filter filter() {
    return isThere() ? Filter.parse(object().node.toString()) : Filter.ALL;
  }
}
