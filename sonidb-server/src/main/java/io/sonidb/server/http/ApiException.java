package io.sonidb.server.http;

/// A request is answered with an error; the message is for the client.
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  private ApiException(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  static ApiException of(int status, String message) {
    return new ApiException(status, message);
  }

  /// The values are such as nobody could use.
  static ApiException wrongInput(String message) {
    return new ApiException(400, "Wrong input: " + message);
  }

  /// The body is not of the form that was expected.
  static ApiException format(String message) {
    return new ApiException(400, "Format error in JSON body: " + message);
  }

  /// A value of the body is out of its range.
  static ApiException range(String field, Object value, String needed) {
    return new ApiException(
        422,
        "Validation error in JSON body: ["
            + field
            + ": value "
            + value
            + " invalid, "
            + needed
            + "]");
  }

  static ApiException notFound(String message) {
    return new ApiException(404, "Not found: " + message);
  }

  static ApiException noCollection(String name) {
    return notFound("Collection `" + name + "` doesn't exist!");
  }

  static ApiException forbidden(String message) {
    return new ApiException(403, "Forbidden: " + message);
  }

  int status() {
    return status;
  }
}
