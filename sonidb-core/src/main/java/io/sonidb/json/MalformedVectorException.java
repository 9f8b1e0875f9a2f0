package io.sonidb.json;

/// What stands where a vector must be is no array of numbers.
public final class MalformedVectorException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final boolean isNested;

  MalformedVectorException(String message, boolean isNested) {
    super(message);
    this.isNested = isNested;
  }

  /// Whether it is an array of arrays or objects.
  public boolean isNested() {
    return isNested;
  }
}
