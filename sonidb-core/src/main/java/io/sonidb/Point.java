package io.sonidb;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;

/// A vector under its id, with its payload.
///
/// @param id what it is called
/// @param vector its components
/// @param payload what it carries
/// @param sequence number of the write that made it; 0 for a point that is yet to be written
public record Point(VectorId id, Vector vector, Payload payload, long sequence) {
  /// A point to be written, without payload.
  public static Point of(VectorId id, Vector vector) {
    return new Point(id, vector, Payload.EMPTY, 0);
  }

  /// A point to be written.
  public static Point of(VectorId id, Vector vector, Payload payload) {
    return new Point(id, vector, payload, 0);
  }

  /// A point to be written, without payload; the array is copied.
  public static Point of(String id, float[] vector) {
    return of(VectorId.parse(id), Vector.of(vector));
  }

  /// A point to be written, without payload; the array is copied.
  public static Point of(String id, double[] vector) {
    return of(VectorId.parse(id), Vector.of(vector));
  }
}
