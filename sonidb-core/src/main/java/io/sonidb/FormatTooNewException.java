package io.sonidb;

/// A newer version of SoniDB wrote this.
public final class FormatTooNewException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  FormatTooNewException(String message) {
    super(message);
  }

  FormatTooNewException(String message, Throwable cause) {
    super(message, cause);
  }
}
