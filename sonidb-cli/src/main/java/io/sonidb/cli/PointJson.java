package io.sonidb.cli;

import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.filter.Scalar;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.util.RawValue;

/// Ids, vectors and payloads as JSON values.
final class PointJson {

  private PointJson() {}

  /// A number for a number, a string for anything else.
  static Object id(VectorId id) {
    return id instanceof VectorId.Number ? new BigInteger(id.toString()) : id.toString();
  }

  /// The vector's own array, printed so that every component comes back with the same bits.
  static Object vector(Vector vector) {
    return vector.elementType() == ElementType.FLOAT32 ? vector.floats() : vector.doubles();
  }

  /// An object, `{}` where there is no payload.
  static Object payload(Payload payload) {
    return new RawValue(payload.isEmpty() ? "{}" : payload.toJson());
  }

  /// A value of a field.
  static Object value(Scalar value) {
    return switch (value) {
      case Scalar.Text(String text) -> text;
      case Scalar.Whole(long whole) -> whole;
      case Scalar.Truth(boolean truth) -> truth;
    };
  }

  /// A point as `insert` reads it back.
  static Map<String, Object> row(Point point) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", id(point.id()));
    json.put("vector", vector(point.vector()));
    json.put("payload", payload(point.payload()));
    point.expiresAt().ifPresent(time -> json.put("expires_at", time.toString()));
    return json;
  }

  /// All there is to know of a point.
  static Map<String, Object> point(Point point) {
    Map<String, Object> json = row(point);
    point.insertedAt().ifPresent(time -> json.put("inserted_at", time.toString()));
    if (point.sequence() > 0) {
      json.put("sequence", point.sequence());
    }
    return json;
  }
}
