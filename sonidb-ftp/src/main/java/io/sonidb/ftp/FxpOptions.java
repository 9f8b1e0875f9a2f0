package io.sonidb.ftp;

import java.time.Duration;

/// How files are moved between servers.
///
/// @param sessions transfers that run side by side between two servers, 1 to 16
/// @param plainData whether files travel without TLS, if both servers allow it
/// @param tries how often a transfer that breaks off is begun or gone on with, 1 or more
/// @param connect how long a connection may take
/// @param reply how long a server may take to answer a command that moves nothing
/// @param stall how long a transfer may stand still
/// @param poll how often progress is asked for
/// @param agreement how long the other server has to notice that one has given up
public record FxpOptions(
    int sessions,
    boolean plainData,
    int tries,
    Duration connect,
    Duration reply,
    Duration stall,
    Duration poll,
    Duration agreement) {
  /// Six transfers side by side, in TLS, up to three tries.
  public static final FxpOptions DEFAULT =
      new FxpOptions(
          6,
          false,
          3,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofSeconds(1),
          Duration.ofSeconds(3));

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public FxpOptions {
    if (sessions < 1 || sessions > Login.MAX_SESSIONS) {
      throw new IllegalArgumentException(
          "sessions must be 1 to " + Login.MAX_SESSIONS + ", were " + sessions);
    }
    if (tries < 1) {
      throw new IllegalArgumentException("tries must be 1 or more, were " + tries);
    }
  }

  /// The same, with files in plain or in TLS.
  public FxpOptions withPlainData(boolean plain) {
    return new FxpOptions(sessions, plain, tries, connect, reply, stall, poll, agreement);
  }

  /// The same, with another number of transfers side by side.
  public FxpOptions withSessions(int number) {
    return new FxpOptions(number, plainData, tries, connect, reply, stall, poll, agreement);
  }
}
