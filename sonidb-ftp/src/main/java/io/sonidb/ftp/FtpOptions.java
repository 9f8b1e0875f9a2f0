package io.sonidb.ftp;

import java.util.OptionalInt;

/// How a node's FTP server is to be.
///
/// @param host address to listen on
/// @param port 0 for any that is free; empty for [#PORT], or any that is free when that is taken
/// @param firstPassivePort first port that data connections come in at
/// @param lastPassivePort last one
/// @param maxSessions more connections are not accepted
/// @param idleSeconds after which a connection on which nothing happens is closed
/// @param allowsPlainData whether files may travel without TLS; commands never do
public record FtpOptions(
    String host,
    OptionalInt port,
    int firstPassivePort,
    int lastPassivePort,
    int maxSessions,
    int idleSeconds,
    boolean allowsPlainData) {
  /// The usual port.
  public static final int PORT = 7621;

  private static final int LEAST_DATA_PORT = 1024;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public FtpOptions {
    if (firstPassivePort < LEAST_DATA_PORT
        || lastPassivePort > 65_535
        || firstPassivePort > lastPassivePort) {
      throw new IllegalArgumentException(
          "passive ports must be from 1024 to 65535, were "
              + firstPassivePort
              + " to "
              + lastPassivePort);
    }
    if (maxSessions < 1 || idleSeconds < 1) {
      throw new IllegalArgumentException(
          "sessions and idle seconds must be 1 or more, were "
              + maxSessions
              + " and "
              + idleSeconds);
    }
  }
}
