package io.sonidb.sound;

import java.util.List;

/// What a [Receiver] has heard.
///
/// @param records whole records delivered
/// @param rejected runs that began like a record and were not whole, by hash, length or cut
/// @param unsupported records of a kind that is not known here
/// @param samplesHeard all samples
/// @param samplesSkipped samples that belong to no delivered record
/// @param skipped the first ranges of samples between delivered records, at most [#MAX_SKIPPED]
public record ReceiverReport(
    long records,
    long rejected,
    long unsupported,
    long samplesHeard,
    long samplesSkipped,
    List<SampleRange> skipped) {
  /// Of an input without a sample.
  static final ReceiverReport NOTHING = new ReceiverReport(0, 0, 0, 0, 0, List.of());

  /// How many skipped ranges are told one by one.
  public static final int MAX_SKIPPED = 1000;

  /// Samples from `first` on.
  ///
  /// @param first the first sample
  /// @param count how many, 1 or more
  public record SampleRange(long first, long count) {}

  /// Copies the list.
  public ReceiverReport {
    skipped = List.copyOf(skipped);
  }

  /// This report with records that were delivered in another way.
  ReceiverReport withMore(long others) {
    return new ReceiverReport(
        records + others, rejected, unsupported, samplesHeard, samplesSkipped, skipped);
  }
}
