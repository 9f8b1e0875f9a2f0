package io.sonidb.flac;

import java.io.IOException;

/// Something that RFC 9639 allows and that is not done here; the message says what.
public final class UnsupportedFlacException extends IOException {

  private static final long serialVersionUID = 1L;

  private final long offset;

  /// A feature and the place that needs it.
  ///
  /// @param feature what is not done
  /// @param offset where the stream asks for it, in bytes
  public UnsupportedFlacException(String feature, long offset) {
    super("unsupported: " + feature + " at byte " + offset);
    this.offset = offset;
  }

  /// {@return where the stream asks for it, in bytes}
  public long offset() {
    return offset;
  }
}
