package io.sonidb.sound;

import java.io.IOException;

/// The audio is well-formed, but what it carries is not a record: damaged, cut, or never one.
///
/// The message names what is wrong, the value found, and the byte where the frame begins.
public final class MalformedRecordException extends IOException {
  private static final long serialVersionUID = 1;

  private final long offset;

  MalformedRecordException(String message, long offset) {
    super(message + ", in the frame at byte " + offset);
    this.offset = offset;
  }

  /// Where the offending frame begins, in bytes from the start of the array that was read.
  public long offset() {
    return offset;
  }
}
