package io.sonidb.flac;

/// How hard a [FrameEncoder] looks for the smallest subframe.
///
/// Whatever is looked at is compared by its exact number of bits, and constant and verbatim
/// subframes, wasted bits and escaped partitions are always among the choices: a narrow search may
/// miss a smaller code, it never writes one that is larger than plain samples.
///
/// @param maxFixedOrder fixed predictors of order 0 to this are tried, 0 to 4 (RFC 9639, 9.2.5)
/// @param maxPartitionOrder residuals are cut into up to 2 to the power of this parts, each with
///   its own Rice parameter, 0 to 15; 8 is the most that the streamable subset allows
/// @param maxWarmUp LPC subframes of order 1 to this whose coefficients are all zero are tried, 0
///   to 32; 12 is the most that the streamable subset allows at 48 kHz. Such a subframe holds that
///   many samples raw and the rest as Rice codes without prediction, so that a few large values at
///   the beginning cost the other samples nothing
/// @param maxLpcOrder linear predictors of order 1 to this are estimated from the samples, 0 (none)
///   to 32; 12 is the most that the streamable subset allows at 48 kHz. They are ranked by an
///   estimate, and so are the fixed ones beside them; the bits of the best of either are counted
/// @param decorrelated whether a frame of two channels may hold their mean or their difference in
///   place of one or both of them (RFC 9639, 4.2)
public record SubframeSearch(
    int maxFixedOrder,
    int maxPartitionOrder,
    int maxWarmUp,
    int maxLpcOrder,
    boolean decorrelated) {

  /// For samples that no predictor can foretell, such as sonified vectors: one Rice parameter for
  /// the whole block and at most one raw sample ahead of it.
  public static final SubframeSearch NOISE = new SubframeSearch(0, 0, 1);

  /// For sound that is heard: linear predictors and stereo decorrelation. It costs a hundred times
  /// as much as [#NOISE].
  public static final SubframeSearch MUSIC = new SubframeSearch(4, 6, 0, 12, true);

  /// Everything that this encoder knows within the streamable subset.
  public static final SubframeSearch EXHAUSTIVE = new SubframeSearch(4, 8, 12, 12, true);

  /// Checks the ranges.
  public SubframeSearch {
    if (maxFixedOrder < 0 || maxFixedOrder > 4) {
      throw new IllegalArgumentException("fixed order must be 0 to 4, was " + maxFixedOrder);
    }
    if (maxPartitionOrder < 0 || maxPartitionOrder > 15) {
      throw new IllegalArgumentException(
          "partition order must be 0 to 15, was " + maxPartitionOrder);
    }
    if (maxWarmUp < 0 || maxWarmUp > 32) {
      throw new IllegalArgumentException("warm-up must be 0 to 32 samples, was " + maxWarmUp);
    }
    if (maxLpcOrder < 0 || maxLpcOrder > 32) {
      throw new IllegalArgumentException("LPC order must be 0 to 32, was " + maxLpcOrder);
    }
  }

  /// A search without linear predictors, of independent channels.
  ///
  /// @param maxFixedOrder as in the record
  /// @param maxPartitionOrder as in the record
  /// @param maxWarmUp as in the record
  public SubframeSearch(int maxFixedOrder, int maxPartitionOrder, int maxWarmUp) {
    this(maxFixedOrder, maxPartitionOrder, maxWarmUp, 0, false);
  }
}
