package io.sonidb;

/// A collection could not be brought to a node; what that had before it still has.
public final class NodeSyncException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  NodeSyncException(String message, Throwable cause) {
    super(message, cause);
  }
}
