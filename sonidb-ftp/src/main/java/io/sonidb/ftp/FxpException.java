package io.sonidb.ftp;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A server did not do what a transfer needs.
public final class FxpException extends IOException {
  private static final long serialVersionUID = 1L;

  /// What is wrong.
  public enum Kind {
    /// It cannot be reached, or is not the server that it should be.
    UNREACHABLE,
    /// It does not let the login in, or refuses a file; trying again would not help.
    REFUSED,
    /// It lacks what FXP needs.
    UNABLE,
    /// The transfer broke off; trying again may help.
    BROKEN,
    /// What arrived is not what was announced.
    WRONG,
    /// Somebody ended the work.
    CANCELLED
  }

  private final Kind kind;
  private final transient @Nullable FxpEnd end;

  FxpException(Kind kind, @Nullable FxpEnd end, String message) {
    super(message);
    this.kind = kind;
    this.end = end;
  }

  FxpException(Kind kind, @Nullable FxpEnd end, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.end = end;
  }

  /// The server at which it went wrong, if that is known.
  public Optional<FxpEnd> end() {
    return Optional.ofNullable(end);
  }

  /// What is wrong.
  public Kind kind() {
    return kind;
  }
}
