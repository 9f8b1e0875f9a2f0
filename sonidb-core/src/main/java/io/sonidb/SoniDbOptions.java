package io.sonidb;

import java.time.Clock;
import java.time.InstantSource;

/// How a data folder is opened.
///
/// @param threads cores that encode, scan and verify; 0 for all there are
/// @param compaction whether segments are compacted behind the writers, or only by
///   [Collection#compact]
/// @param clock tells when something is written, and what has expired
public record SoniDbOptions(int threads, boolean compaction, InstantSource clock) {
  /// All cores, compaction as needed, and the time of the system.
  public static final SoniDbOptions DEFAULT = new SoniDbOptions(0);

  public SoniDbOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, was " + threads);
    }
  }

  /// With compaction, and the time of the system.
  ///
  /// @param threads cores that encode, scan and verify; 0 for all there are
  public SoniDbOptions(int threads) {
    this(threads, true, Clock.systemUTC());
  }

  /// With or without compaction behind the writers.
  public SoniDbOptions compaction(boolean automatic) {
    return new SoniDbOptions(threads, automatic, clock);
  }

  /// With another clock.
  SoniDbOptions clock(InstantSource clock) {
    return new SoniDbOptions(threads, compaction, clock);
  }
}
