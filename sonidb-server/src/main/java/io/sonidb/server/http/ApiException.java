package io.sonidb.server.http;

import java.util.Map;

/// A request is answered with an error; the message is for the client.
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final transient Map<String, String> headers;

  private ApiException(int status, String message, Map<String, String> headers) {
    super(message, null, false, false);
    this.status = status;
    this.headers = Map.copyOf(headers);
  }

  static ApiException of(int status, String message) {
    return new ApiException(status, message, Map.of());
  }

  /// The values are such as nobody could use.
  static ApiException wrongInput(String message) {
    return new ApiException(400, "Wrong input: " + message, Map.of());
  }

  /// The body is not of the form that was expected.
  static ApiException format(String message) {
    return new ApiException(400, "Format error in JSON body: " + message, Map.of());
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
            + "]",
        Map.of());
  }

  static ApiException notFound(String message) {
    return new ApiException(404, "Not found: " + message, Map.of());
  }

  static ApiException noCollection(String name) {
    return notFound("Collection `" + name + "` doesn't exist!");
  }

  static ApiException forbidden(String message) {
    return new ApiException(403, "Forbidden: " + message, Map.of());
  }

  /// The same error, answered with a header.
  ApiException with(String header, String value) {
    return new ApiException(status, String.valueOf(getMessage()), Map.of(header, value));
  }

  int status() {
    return status;
  }

  /// What goes into the answer's head.
  Map<String, String> headers() {
    return headers;
  }
}
