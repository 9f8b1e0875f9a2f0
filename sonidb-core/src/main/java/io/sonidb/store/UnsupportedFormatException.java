package io.sonidb.store;

import java.io.IOException;

/// Another version of SoniDB wrote this, whose format this one does not read.
public final class UnsupportedFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  UnsupportedFormatException(String message) {
    super(message);
  }
}
