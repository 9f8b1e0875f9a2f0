package io.sonidb.index;

import java.io.IOException;

/// An index file whose bytes are not those that were written; it can be rebuilt from the audio.
public final class CorruptIndexException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message names the file and what is wrong with it
  public CorruptIndexException(String message) {
    super(message);
  }
}
