package io.sonidb.store;

import java.io.IOException;

/// A record in a segment is not as it was written.
public final class CorruptSegmentException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message names file, place and id
  public CorruptSegmentException(String message) {
    super(message);
  }
}
