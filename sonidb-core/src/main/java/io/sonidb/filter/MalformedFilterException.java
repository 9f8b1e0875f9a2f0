package io.sonidb.filter;

/// A filter, or another piece of a query in JSON, that cannot be understood or is too large.
public final class MalformedFilterException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String path;

  /// @param path where in the JSON, such as `filter.must[0].range.gte`
  /// @param reason what is wrong, with the value
  public MalformedFilterException(String path, String reason) {
    super(path + ": " + reason);
    this.path = path;
  }

  /// Where in the JSON, such as `filter.must[0].range.gte`.
  public String path() {
    return path;
  }
}
