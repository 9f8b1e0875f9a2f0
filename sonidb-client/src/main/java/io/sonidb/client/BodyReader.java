package io.sonidb.client;

import io.sonidb.GroupResult;
import io.sonidb.Hit;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.ValueCount;
import io.sonidb.filter.Scalar;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Reads results. Each method begins at the first token of a value and ends at its last.
///
/// What is not as it must be is an [IllegalArgumentException] that says so; keys that are not known
/// are left out.
final class BodyReader {
  private final VectorJson vectors;

  /// @param element of the collection's vectors
  /// @param dimension of them
  BodyReader(ElementType element, int dimension) {
    this.vectors = new VectorJson(element, dimension);
  }

  /// A page as it was sent.
  record Rows(List<Row> rows, Optional<VectorId> next) {}

  /// A point as it was sent.
  record Row(
      Optional<VectorId> id,
      long version,
      double score,
      Payload payload,
      Optional<Vector> vector,
      Optional<Instant> insertedAt,
      Optional<Instant> expiresAt) {
    VectorId knownId() {
      return id.orElseThrow(() -> new IllegalArgumentException("a point has no id"));
    }

    Point point() {
      Vector there =
          vector.orElseThrow(() ->
              new IllegalArgumentException("point " + knownId() + " came without its vector"));
      return new Point(knownId(), there, payload, version, insertedAt, expiresAt);
    }

    Hit hit() {
      return new Hit(knownId(), score, payload, vector, version, insertedAt, expiresAt);
    }
  }

  static <T> List<T> list(JsonParser from, Function<JsonParser, T> reader) {
    expect(from, JsonToken.START_ARRAY, "an array");
    List<T> list = new ArrayList<>();
    while (from.nextToken() != JsonToken.END_ARRAY) {
      if (from.currentToken() == null) {
        throw new IllegalArgumentException("an array has no end");
      }
      list.add(reader.apply(from));
    }
    return list;
  }

  /// The value of one key of an object.
  static <T> T at(String key, JsonParser from, Function<JsonParser, T> reader) {
    expect(from, JsonToken.START_OBJECT, "an object");
    Optional<T> found = Optional.empty();
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean isMeant = from.currentName().equals(key);
      from.nextToken();
      if (isMeant) {
        found = Optional.of(reader.apply(from));
      } else {
        from.skipChildren();
      }
    }
    return found.orElseThrow(() -> new IllegalArgumentException(key + " is missing"));
  }

  private static void expect(JsonParser from, JsonToken token, String what) {
    if (from.currentToken() != token) {
      throw new IllegalArgumentException("there is no " + what + " where one must be");
    }
  }

  List<Row> rows(JsonParser from) {
    return list(from, this::row);
  }

  Rows page(JsonParser from) {
    expect(from, JsonToken.START_OBJECT, "object");
    List<Row> rows = List.of();
    Optional<VectorId> next = Optional.empty();
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = from.currentName();
      from.nextToken();
      switch (key) {
        case "points" -> rows = rows(from);
        case "next_page_offset" ->
            next =
                from.currentToken() == JsonToken.VALUE_NULL
                    ? Optional.empty()
                    : Optional.of(id(from));
        default -> from.skipChildren();
      }
    }
    return new Rows(rows, next);
  }

  Row row(JsonParser from) {
    expect(from, JsonToken.START_OBJECT, "object");
    Optional<VectorId> id = Optional.empty();
    long version = 0;
    double score = 0;
    Payload payload = Payload.EMPTY;
    Optional<Vector> vector = Optional.empty();
    Optional<Instant> insertedAt = Optional.empty();
    Optional<Instant> expiresAt = Optional.empty();
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = from.currentName();
      from.nextToken();
      switch (key) {
        case "id" -> id = Optional.of(id(from));
        case "version", "sequence" -> version = from.getLongValue();
        case "score" -> score = number(from);
        case "payload" -> payload = payload(from);
        case "vector" ->
            vector =
                from.currentToken() == JsonToken.VALUE_NULL
                    ? Optional.empty()
                    : Optional.of(vector(from));
        case "inserted_at" -> insertedAt = Optional.of(time(from));
        case "expires_at" -> expiresAt = Optional.of(time(from));
        default -> from.skipChildren();
      }
    }
    return new Row(id, version, score, payload, vector, insertedAt, expiresAt);
  }

  static VectorId id(JsonParser from) {
    return switch (from.currentToken()) {
      case VALUE_NUMBER_INT -> VectorId.parse(from.getNumberValue().toString());
      case VALUE_STRING -> VectorId.parse(from.getString());
      default -> throw new IllegalArgumentException("an id is neither a number nor a string");
    };
  }

  private static Instant time(JsonParser from) {
    try {
      return Instant.parse(from.getString());
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("not a time: " + from.getString(), e);
    }
  }

  /// A number, or the string that stands for one that JSON has not.
  private static double number(JsonParser from) {
    if (from.currentToken() == JsonToken.VALUE_STRING) {
      return switch (from.getString()) {
        case "NaN" -> Double.NaN;
        case "Infinity" -> Double.POSITIVE_INFINITY;
        case "-Infinity" -> Double.NEGATIVE_INFINITY;
        default -> throw new IllegalArgumentException("'" + from.getString() + "' is no number");
      };
    }
    return from.getDoubleValue();
  }

  private static Payload payload(JsonParser from) {
    if (from.currentToken() == JsonToken.VALUE_NULL) {
      return Payload.EMPTY;
    }
    ByteArrayOutputStream cbor = new ByteArrayOutputStream();
    try (JsonGenerator to = WireFormat.CBOR.mapper().createGenerator(cbor)) {
      to.copyCurrentStructure(from);
    }
    return Payload.ofCbor(cbor.toByteArray());
  }

  private Vector vector(JsonParser from) {
    expect(from, JsonToken.START_ARRAY, "vector");
    return vectors.read(from);
  }

  GroupResult.Group group(JsonParser from) {
    expect(from, JsonToken.START_OBJECT, "object");
    Optional<Scalar> value = Optional.empty();
    List<Hit> hits = List.of();
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = from.currentName();
      from.nextToken();
      switch (key) {
        case "id" -> value = Optional.of(scalar(from));
        case "hits" -> hits = rows(from).stream().map(Row::hit).toList();
        default -> from.skipChildren();
      }
    }
    return new GroupResult.Group(
        value.orElseThrow(() -> new IllegalArgumentException("a group has no id")), hits);
  }

  static ValueCount valueCount(JsonParser from) {
    expect(from, JsonToken.START_OBJECT, "object");
    Optional<Scalar> value = Optional.empty();
    long count = 0;
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = from.currentName();
      from.nextToken();
      switch (key) {
        case "value" -> value = Optional.of(scalar(from));
        case "count" -> count = from.getLongValue();
        default -> from.skipChildren();
      }
    }
    return new ValueCount(
        value.orElseThrow(() -> new IllegalArgumentException("a hit has no value")), count);
  }

  private static Scalar scalar(JsonParser from) {
    return switch (from.currentToken()) {
      case VALUE_STRING -> new Scalar.Text(from.getString());
      case VALUE_NUMBER_INT -> new Scalar.Whole(from.getLongValue());
      case VALUE_TRUE -> new Scalar.Truth(true);
      case VALUE_FALSE -> new Scalar.Truth(false);
      default ->
          throw new IllegalArgumentException(
              "a value is neither a string nor a whole number nor true nor false");
    };
  }
}
