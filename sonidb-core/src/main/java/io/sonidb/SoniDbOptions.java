package io.sonidb;

import java.time.Clock;
import java.time.InstantSource;

/// How a data folder is opened.
///
/// @param threads cores that encode, scan and verify; 0 for all there are
/// @param compaction whether segments are compacted behind the writers, or only by
///   [Collection#compact]
/// @param indexing how large collections get a search index
/// @param clock tells when something is written, and what has expired
public record SoniDbOptions(
    int threads, boolean compaction, Indexing indexing, InstantSource clock) {
  /// All cores, compaction and search index as needed, and the time of the system.
  public static final SoniDbOptions DEFAULT = new SoniDbOptions(0);

  public SoniDbOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, was " + threads);
    }
  }

  /// With compaction and search index, and the time of the system.
  ///
  /// @param threads cores that encode, scan and verify; 0 for all there are
  public SoniDbOptions(int threads) {
    this(threads, true, Clock.systemUTC());
  }

  SoniDbOptions(int threads, boolean compaction, InstantSource clock) {
    this(threads, compaction, Indexing.DEFAULT, clock);
  }

  /// With or without compaction behind the writers.
  public SoniDbOptions compaction(boolean automatic) {
    return new SoniDbOptions(threads, automatic, indexing, clock);
  }

  /// With a search index that is made otherwise.
  public SoniDbOptions indexing(Indexing changed) {
    return new SoniDbOptions(threads, compaction, changed, clock);
  }

  /// With another clock.
  SoniDbOptions clock(InstantSource clock) {
    return new SoniDbOptions(threads, compaction, indexing, clock);
  }
}
