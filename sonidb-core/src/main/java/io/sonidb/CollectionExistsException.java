package io.sonidb;

/// There is already a collection of that name.
public final class CollectionExistsException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  CollectionExistsException(String message) {
    super(message);
  }

  CollectionExistsException(String message, Throwable cause) {
    super(message, cause);
  }
}
