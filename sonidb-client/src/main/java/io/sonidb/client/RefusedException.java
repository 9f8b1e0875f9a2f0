package io.sonidb.client;

import java.net.URI;

/// The node answered that it does not do it.
public sealed class RefusedException extends NodeException
    permits NotFoundException,
        AlreadyExistsException,
        KeyRefusedException,
        BadRequestException,
        HistoryGoneException,
        BusyException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String reason;

  RefusedException(URI node, int status, String reason) {
    super(node + ": " + reason + " (HTTP status " + status + ")");
    this.status = status;
    this.reason = reason;
  }

  static RefusedException of(URI node, int status, String reason) {
    return switch (status) {
      case 400, 413, 422 -> new BadRequestException(node, status, reason);
      case 401, 403 -> new KeyRefusedException(node, status, reason);
      case 404 -> new NotFoundException(node, status, reason);
      case 409 ->
          reason.startsWith("Conflict")
              ? new RefusedException(node, status, reason)
              : new AlreadyExistsException(node, status, reason);
      case 410 -> new HistoryGoneException(node, status, reason);
      case 429, 503 -> new BusyException(node, status, reason);
      default -> new RefusedException(node, status, reason);
    };
  }

  /// The HTTP status, such as 404.
  public final int status() {
    return status;
  }

  /// What the node said, in its own words.
  public final String reason() {
    return reason;
  }
}
