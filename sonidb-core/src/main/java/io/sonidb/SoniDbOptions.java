package io.sonidb;

import java.time.Clock;
import java.time.InstantSource;

/// How a data folder is opened.
///
/// @param threads cores that encode, scan and verify; 0 for all there are
/// @param clock tells when something is written, and what has expired
public record SoniDbOptions(int threads, InstantSource clock) {
  /// All cores, and the time of the system.
  public static final SoniDbOptions DEFAULT = new SoniDbOptions(0);

  public SoniDbOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, was " + threads);
    }
  }

  /// With the time of the system.
  ///
  /// @param threads cores that encode, scan and verify; 0 for all there are
  public SoniDbOptions(int threads) {
    this(threads, Clock.systemUTC());
  }

  /// With another clock.
  SoniDbOptions clock(InstantSource clock) {
    return new SoniDbOptions(threads, clock);
  }
}
