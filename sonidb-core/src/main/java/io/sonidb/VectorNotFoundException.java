package io.sonidb;

/// There is no vector of that id.
public final class VectorNotFoundException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  VectorNotFoundException(String message) {
    super(message);
  }

  VectorNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}
