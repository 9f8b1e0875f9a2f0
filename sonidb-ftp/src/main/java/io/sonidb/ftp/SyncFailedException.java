package io.sonidb.ftp;

import java.io.IOException;

/// A sync was not done. The target has the state that it had before, or the new one; trying again
/// goes on where this one ended.
public final class SyncFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  /// What kept it from being done.
  public enum Kind {
    /// A node does not want it.
    REFUSED,
    /// A node cannot be reached, or went away.
    UNREACHABLE,
    /// Files could not be moved, or a node is not able to take part at present.
    BROKEN
  }

  private final Kind kind;

  SyncFailedException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  SyncFailedException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /// What kept it from being done.
  public Kind kind() {
    return kind;
  }
}
