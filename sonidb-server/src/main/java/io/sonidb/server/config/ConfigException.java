package io.sonidb.server.config;

/// A node cannot be as it was asked to be; the message names the setting, the value and the fix.
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message for people
  public ConfigException(String message) {
    super(message);
  }

  /// @param message for people
  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
