package io.sonidb;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// A vector under its id, with its payload.
///
/// @param id what it is called
/// @param vector its components
/// @param payload what it carries
/// @param sequence number of its newest change; 0 for a point that is yet to be written
/// @param insertedAt when its vector was written, in milliseconds; empty for a point that is yet to
///   be written
/// @param expiresAt from when on it is not there any more, in milliseconds; empty for never, or, of
///   a point that is yet to be written, for what the collection says
public record Point(
    VectorId id,
    Vector vector,
    Payload payload,
    long sequence,
    Optional<Instant> insertedAt,
    Optional<Instant> expiresAt) {
  /// No point expires later.
  public static final Instant LAST_EXPIRY = Instant.parse("9999-12-31T23:59:59.999Z");

  /// Cuts times to milliseconds.
  ///
  /// @throws IllegalArgumentException if it expires after [#LAST_EXPIRY]
  public Point {
    insertedAt = insertedAt.map(time -> time.truncatedTo(ChronoUnit.MILLIS));
    expiresAt = expiresAt.map(time -> time.truncatedTo(ChronoUnit.MILLIS));
    if (expiresAt.isPresent() && expiresAt.get().isAfter(LAST_EXPIRY)) {
      throw new IllegalArgumentException(
          "vector "
              + id
              + " expires at "
              + expiresAt.get()
              + ", which is after "
              + LAST_EXPIRY
              + ": leave it out");
    }
  }

  /// A point to be written, without payload.
  public static Point of(VectorId id, Vector vector) {
    return of(id, vector, Payload.EMPTY);
  }

  /// A point to be written.
  public static Point of(VectorId id, Vector vector, Payload payload) {
    return new Point(id, vector, payload, 0, Optional.empty(), Optional.empty());
  }

  /// A point to be written, without payload; the array is copied.
  public static Point of(String id, float[] vector) {
    return of(VectorId.parse(id), Vector.of(vector));
  }

  /// A point to be written, without payload; the array is copied.
  public static Point of(String id, double[] vector) {
    return of(VectorId.parse(id), Vector.of(vector));
  }

  /// The same point with a time from which on it is not there any more.
  ///
  /// @throws IllegalArgumentException if that is after [#LAST_EXPIRY]
  public Point expiresAt(Instant time) {
    return new Point(id, vector, payload, sequence, insertedAt, Optional.of(time));
  }
}
