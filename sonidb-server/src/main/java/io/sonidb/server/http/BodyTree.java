package io.sonidb.server.http;

import io.sonidb.json.MalformedVectorException;
import io.sonidb.json.VectorJson;
import java.util.Set;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Reads a body as a tree, in which vectors are leaves.
final class BodyTree {
  private static final Set<String> VECTORS = Set.of("vector", "query", "nearest");
  private static final Set<String> LISTS_OF_VECTORS = Set.of("vectors", "positive", "negative");
  private static final Set<String> PLAIN = Set.of("payload", "payloads", "filter", "update_filter");
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /// What an array stands for.
  private enum Place {
    /// Nothing is known yet.
    ANY,
    /// If it holds numbers it is a vector.
    VECTOR,
    /// Arrays within it are vectors.
    LIST_OF_VECTORS,
    /// It is what it is, and so is everything within.
    PLAIN
  }

  private final JsonParser from;
  private final VectorJson vectors;

  private BodyTree(JsonParser from, VectorJson vectors) {
    this.from = from;
    this.vectors = vectors;
  }

  /// Reads the one value that there is.
  static JsonNode read(JsonParser from, VectorJson vectors) {
    JsonToken first = from.nextToken();
    if (first == null) {
      throw ApiException.format("the body is empty");
    }
    JsonNode node = new BodyTree(from, vectors).value(first, Place.ANY);
    if (from.nextToken() != null) {
      throw ApiException.format("there is more behind the value");
    }
    return node;
  }

  private JsonNode value(JsonToken token, Place place) {
    return switch (token) {
      case START_OBJECT -> object(place);
      case START_ARRAY -> place == Place.VECTOR ? vector() : array(place);
      case VALUE_STRING -> NODES.stringNode(from.getString());
      case VALUE_NUMBER_INT -> whole();
      case VALUE_NUMBER_FLOAT -> fraction();
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default -> throw ApiException.format("a value of a kind that JSON has not");
    };
  }

  private JsonNode object(Place place) {
    ObjectNode object = NODES.objectNode();
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = from.currentName();
      object.set(key, value(from.nextToken(), inner(place, key)));
    }
    return object;
  }

  private static Place inner(Place outer, String key) {
    if (outer == Place.PLAIN || PLAIN.contains(key)) {
      return Place.PLAIN;
    }
    if (key.isEmpty()) {
      return outer; // the name of the vector that has none
    }
    return VECTORS.contains(key)
        ? Place.VECTOR
        : LISTS_OF_VECTORS.contains(key) ? Place.LIST_OF_VECTORS : Place.ANY;
  }

  private JsonNode array(Place place) {
    Place inner = place == Place.LIST_OF_VECTORS ? Place.VECTOR : place;
    ArrayNode array = NODES.arrayNode();
    for (JsonToken token = from.nextToken();
        token != JsonToken.END_ARRAY;
        token = from.nextToken()) {
      array.add(value(token, inner));
    }
    return array;
  }

  private JsonNode vector() {
    try {
      return NODES.pojoNode(vectors.read(from));
    } catch (MalformedVectorException e) {
      throw e.isNested()
          ? ApiException.wrongInput(Body.ONE_DENSE_ONLY)
          : ApiException.format(String.valueOf(e.getMessage()));
    }
  }

  private JsonNode whole() {
    return switch (from.getNumberType()) {
      case INT -> NODES.numberNode(from.getIntValue());
      case LONG -> NODES.numberNode(from.getLongValue());
      default -> NODES.numberNode(from.getBigIntegerValue());
    };
  }

  private JsonNode fraction() {
    double value = from.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw ApiException.format("a number is too large for 64 bits");
    }
    return NODES.numberNode(value);
  }
}
