package io.sonidb.sound;

import java.io.IOException;

/// A record that is whole as far as can be told, of a kind that a newer version has introduced.
public final class UnsupportedRecordException extends IOException {
  private static final long serialVersionUID = 1;

  private final long offset;

  UnsupportedRecordException(String message, long offset) {
    super("unsupported: " + message + ", in the frame at byte " + offset);
    this.offset = offset;
  }

  /// Where the frame in question begins, in bytes from the start of the array that was read.
  public long offset() {
    return offset;
  }
}
