package io.sonidb.payload;

import java.io.IOException;

/// A payload index file is not as it was written; it is made again from the audio.
public final class CorruptPayloadIndexException extends IOException {
  private static final long serialVersionUID = 1L;

  public CorruptPayloadIndexException(String message) {
    super(message);
  }
}
