package io.sonidb;

/// Anything that goes wrong in SoniDB and is not the caller's argument.
public class SoniDbException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SoniDbException(String message) {
    super(message);
  }

  SoniDbException(String message, Throwable cause) {
    super(message, cause);
  }
}
