package io.sonidb;

/// There is no collection of that name.
public final class CollectionNotFoundException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  CollectionNotFoundException(String message) {
    super(message);
  }

  CollectionNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}
