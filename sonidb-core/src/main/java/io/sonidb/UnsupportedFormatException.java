package io.sonidb;

/// Another version of SoniDB wrote this, whose format this one does not read.
public final class UnsupportedFormatException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  UnsupportedFormatException(String message) {
    super(message);
  }

  UnsupportedFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
