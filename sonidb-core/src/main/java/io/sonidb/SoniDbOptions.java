package io.sonidb;

/// How a data folder is opened.
///
/// @param threads cores that encode, scan and verify; 0 for all there are
public record SoniDbOptions(int threads) {
  /// All cores.
  public static final SoniDbOptions DEFAULT = new SoniDbOptions(0);

  public SoniDbOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be 0 or more, was " + threads);
    }
  }
}
