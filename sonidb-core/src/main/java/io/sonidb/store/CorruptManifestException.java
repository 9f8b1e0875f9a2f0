package io.sonidb.store;

import java.io.IOException;

/// A manifest that is missing or not as it was written; it can be rebuilt from the segments.
public final class CorruptManifestException extends IOException {
  private static final long serialVersionUID = 1L;

  CorruptManifestException(String message) {
    super(message);
  }
}
