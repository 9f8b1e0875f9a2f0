package io.sonidb.store;

import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.Serial;

/// The records were not written, since what they were to follow is not the newest any more.
public final class PreconditionFailedException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final transient VectorId id;
  private final long found;

  /// @param id whose newest record is another one
  /// @param found sequence number of its newest record, 0 if it is not there
  public PreconditionFailedException(VectorId id, long found) {
    super("the newest record of " + id + " is number " + found);
    this.id = id;
    this.found = found;
  }

  /// The id whose newest record is another one.
  public VectorId id() {
    return id;
  }

  /// Sequence number of its newest record, 0 if it is not there.
  public long found() {
    return found;
  }

  /// None: it only tells the caller to read again, often, and comes from the appender's thread.
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
