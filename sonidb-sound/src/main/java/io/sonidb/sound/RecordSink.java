package io.sonidb.sound;

/// Takes the records that a [Receiver] hears.
@FunctionalInterface
public interface RecordSink {
  /// Takes one record, whole and checked.
  ///
  /// @param record what was heard
  /// @param firstSample where it began, in samples from the start of what was heard
  void record(SoundRecord record, long firstSample);

  /// Hears of a place where there is no whole record. One damage may be told twice: as bytes that
  /// are no frame, and as a record that is cut by them. Of records that are not whole the first
  /// [ReceiverReport#MAX_SKIPPED] are told; [ReceiverReport] counts all.
  default void lost(Loss loss) {}
}
