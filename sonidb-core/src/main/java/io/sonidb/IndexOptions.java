package io.sonidb;

/// What `buildIndex` is to do beyond adding what is new.
///
/// @param full whether to make every index file again, from the audio alone
/// @param jsonFile whether to write `index.json` as well
public record IndexOptions(boolean full, boolean jsonFile) {
  /// Adds what is new.
  public static final IndexOptions INCREMENTAL = new IndexOptions(false, false);

  /// Makes everything again from the audio.
  public static final IndexOptions FULL = new IndexOptions(true, false);
}
