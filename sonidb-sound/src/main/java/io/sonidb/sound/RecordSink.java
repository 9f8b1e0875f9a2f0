package io.sonidb.sound;

/// Takes the records that a [Receiver] hears.
@FunctionalInterface
public interface RecordSink {
  /// Takes one record, whole and checked.
  ///
  /// @param record what was heard
  /// @param firstSample where it began, in samples from the start of what was heard
  void record(SoundRecord record, long firstSample);
}
