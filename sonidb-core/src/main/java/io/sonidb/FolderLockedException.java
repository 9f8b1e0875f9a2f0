package io.sonidb;

/// Another process, or this one, has the data folder open.
public final class FolderLockedException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  FolderLockedException(String message) {
    super(message);
  }

  FolderLockedException(String message, Throwable cause) {
    super(message, cause);
  }
}
