package io.sonidb.ftp;

/// A command is refused; the message is for its sender.
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int code;

  /// @param code reply code of FTP
  RefusedException(int code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  int code() {
    return code;
  }
}
