package io.sonidb.store;

import java.io.IOException;

/// A file that is sound but written by a newer version of SoniDB than this one.
public final class FormatTooNewException extends IOException {
  private static final long serialVersionUID = 1L;

  FormatTooNewException(String message) {
    super(message);
  }
}
