package io.sonidb;

/// The disk refused, is full, or failed.
public final class StorageException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  StorageException(String message) {
    super(message);
  }

  StorageException(String message, Throwable cause) {
    super(message, cause);
  }
}
