package io.sonidb.cli.model;

/// A model cannot be used.
public final class ModelException extends Exception {
  private static final long serialVersionUID = 1L;

  /// @param message for people
  public ModelException(String message) {
    super(message);
  }
}
