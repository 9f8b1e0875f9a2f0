package io.sonidb;

import io.sonidb.sound.VectorId;

/// A conditional write found another state than it expected; nothing was written.
public final class ConflictException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  private final transient VectorId id;
  private final long expected;
  private final long actual;

  ConflictException(VectorId id, long expected, long actual) {
    super(message(id, expected, actual));
    this.id = id;
    this.expected = expected;
    this.actual = actual;
  }

  private static String message(VectorId id, long expected, long actual) {
    if (expected == 0) {
      return "vector " + id + " was to be new, and is there with sequence number " + actual;
    }
    return "vector "
        + id
        + " was expected with sequence number "
        + expected
        + ", and "
        + (actual == 0 ? "is not there" : "has " + actual)
        + ": read it again";
  }

  /// The vector that the write was about.
  public VectorId id() {
    return id;
  }

  /// Sequence number that it was to have; 0 if it was to be new.
  public long expected() {
    return expected;
  }

  /// Sequence number that it has; 0 if it is not there.
  public long actual() {
    return actual;
  }
}
