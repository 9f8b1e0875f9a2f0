package io.sonidb.client;

/// A node was not reached, or did not do what it was asked. The message names it and the cause.
public abstract sealed class NodeException extends RuntimeException
    permits UnreachableException, RefusedException, UnexpectedAnswerException {
  private static final long serialVersionUID = 1L;

  NodeException(String message) {
    super(message);
  }

  NodeException(String message, Throwable cause) {
    super(message, cause);
  }
}
