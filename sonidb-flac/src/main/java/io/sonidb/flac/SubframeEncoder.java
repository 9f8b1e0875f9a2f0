package io.sonidb.flac;

import io.sonidb.flac.kernel.Rice;

/// Writes one channel of a frame as the smallest subframe that its [SubframeSearch] reaches (RFC
/// 9639, 9.2).
///
/// Each way of coding is asked for its exact size, and the smallest is written. Where even a lower
/// bound of the size is no less than that of plain samples, the way is not looked at closer.
final class SubframeEncoder {

  private static final int CONSTANT = 0;
  private static final int VERBATIM = 1;
  private static final int FIXED = 8;
  private static final int LPC = 32;

  /// Four bits of coefficient precision, less one: 0. Five bits of shift: 0.
  private static final int LPC_HEADER_BITS = 9;

  private final SubframeSearch search;

  private Partitioning best = new Partitioning();
  private Partitioning trial = new Partitioning();
  private final UnarySums unary = new UnarySums();
  private final RiceWriter codes = new RiceWriter();
  private int[] shifted = {};

  /// The differences of order 1 to 4 of the samples.
  private final int[][] differences = new int[5][0];

  /// Set by [#measure].
  private long sum;

  private int union;

  SubframeEncoder(SubframeSearch search) {
    this.search = search;
  }

  /// @param pcm `int[blockSize]` or longer
  /// @param depth bits per sample, 4 to 24
  void encode(BitWriter out, int[] pcm, int blockSize, int depth, int channel) {
    int first = pcm[0];
    int different = differing(pcm, blockSize, first);
    measure(pcm, 1, blockSize);
    int foldedUnion = union;
    long foldedSum = sum;
    if ((foldedUnion | Rice.fold(first)) >>> depth != 0) {
      throw outOfRange(pcm, blockSize, depth, channel);
    }
    if (different == 0) {
      putHeader(out, CONSTANT, 0);
      out.putSigned(first, depth);
      return;
    }
    // Low bits are zero in all samples if they are in the first and no other one differs there. The
    // samples are not all equal, so at least one is not zero.
    int wastedBits = Integer.numberOfTrailingZeros(different | first);
    if (wastedBits == 0) {
      sum = foldedSum;
      union = foldedUnion;
      encode(out, pcm, blockSize, depth, wastedBits, foldedSum, foldedUnion);
    } else {
      int[] samples = shift(pcm, blockSize, wastedBits);
      measure(samples, 1, blockSize);
      encode(out, samples, blockSize, depth - wastedBits, wastedBits, sum, union);
    }
  }

  /// @param sum of all folded samples but the first
  /// @param union of all folded samples but the first
  private void encode(
      BitWriter out, int[] samples, int blockSize, int depth, int wastedBits, long sum, int union) {
    int kind = VERBATIM;
    long bits = (long) blockSize * depth;

    // Raw samples ahead of a residual that is not predicted. One is looked at first, and with the
    // sums at hand: for sonified vectors it wins, and then rules out the rest by their lower
    // bounds.
    for (int warmUp = 1; warmUp <= search.maxWarmUp() && warmUp < blockSize; warmUp++) {
      long ahead = (long) warmUp * depth + LPC_HEADER_BITS + warmUp;
      if (warmUp == 1) {
        this.sum = sum;
        this.union = union;
      } else {
        measure(samples, warmUp, blockSize);
      }
      unary.start(samples, warmUp, blockSize, this.sum);
      if (choose(samples, warmUp, blockSize, bits - ahead)) {
        kind = LPC + warmUp - 1;
        bits = ahead + best.bits;
      }
    }

    int first = Rice.fold(samples[0]);
    this.sum = sum + first;
    this.union = union | first;
    if (search.maxWarmUp() == 1 && blockSize > 1) {
      unary.includeOneAhead();
    } else {
      unary.start(samples, 0, blockSize, this.sum);
    }
    if (choose(samples, 0, blockSize, bits)) {
      kind = FIXED;
      bits = best.bits;
    }
    for (int order = 1; order <= search.maxFixedOrder() && order < blockSize; order++) {
      int[] residuals = difference(samples, order, blockSize);
      measure(residuals, order, blockSize);
      unary.start(residuals, order, blockSize, this.sum);
      long ahead = (long) order * depth;
      if (choose(residuals, order, blockSize, bits - ahead)) {
        kind = FIXED + order;
        bits = ahead + best.bits;
      }
    }

    putHeader(out, kind, wastedBits);
    if (kind == VERBATIM) {
      out.putSamples(samples, 0, blockSize, depth);
    } else if (kind >= LPC) {
      int warmUp = kind - LPC + 1;
      out.putSamples(samples, 0, warmUp, depth);
      out.putZeros(LPC_HEADER_BITS + warmUp);
      best.write(out, codes, samples, warmUp, blockSize);
    } else {
      int order = kind - FIXED;
      out.putSamples(samples, 0, order, depth);
      best.write(out, codes, order == 0 ? samples : differences[order], order, blockSize);
    }
  }

  /// Makes the best partitioning of a residual the best of all, if it has fewer than `limit` bits.
  private boolean choose(int[] residuals, int from, int blockSize, long limit) {
    if (!trial.choose(
        residuals, from, blockSize, search.maxPartitionOrder(), sum, union, unary, limit)) {
      return false;
    }
    Partitioning chosen = trial;
    trial = best;
    best = chosen;
    return true;
  }

  private void measure(int[] residuals, int from, int blockSize) {
    union = foldedUnion(residuals, from, blockSize);
    sum = foldedSum(residuals, from, blockSize);
  }

  // One loop a sum, each in a method of its own: only so does the compiler vectorise them, and
  // three
  // vectorised passes take a fraction of one that is not.

  /// All bits in which a sample differs from the first.
  private static int differing(int[] samples, int to, int first) {
    int differing = 0;
    for (int i = 1; i < to; i++) {
      differing |= samples[i] ^ first;
    }
    return differing;
  }

  private static int foldedUnion(int[] residuals, int from, int to) {
    int union = 0;
    for (int i = from; i < to; i++) {
      union |= Rice.fold(residuals[i]);
    }
    return union;
  }

  private static long foldedSum(int[] residuals, int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += Rice.fold(residuals[i]);
    }
    return sum;
  }

  /// The difference of one order more than the last call made, or of order 1. Four differences of
  /// 24-bit samples have at most 28 bits.
  private int[] difference(int[] samples, int order, int blockSize) {
    if (differences[order].length < blockSize) {
      differences[order] = new int[blockSize];
    }
    int[] from = order == 1 ? samples : differences[order - 1];
    int[] into = differences[order];
    for (int i = order; i < blockSize; i++) {
      into[i] = from[i] - from[i - 1];
    }
    return into;
  }

  private int[] shift(int[] pcm, int blockSize, int wastedBits) {
    if (shifted.length < blockSize) {
      shifted = new int[blockSize];
    }
    int[] into = shifted;
    for (int i = 0; i < blockSize; i++) {
      into[i] = pcm[i] >> wastedBits;
    }
    return into;
  }

  /// A zero, six bits of type, the flag of wasted bits, and, if it is set, their number less one in
  /// unary.
  private static void putHeader(BitWriter out, int kind, int wastedBits) {
    if (wastedBits == 0) {
      out.put((long) kind << 1, 8);
    } else {
      out.put((long) kind << 1 | 1, 8);
      out.put(1, wastedBits);
    }
  }

  private static IllegalArgumentException outOfRange(
      int[] pcm, int blockSize, int depth, int channel) {
    int i = 0;
    while (i < blockSize - 1 && Rice.fold(pcm[i]) >>> depth == 0) {
      i++;
    }
    return new IllegalArgumentException(
        "sample "
            + pcm[i]
            + " at pcm["
            + channel
            + "]["
            + i
            + "] does not fit in "
            + depth
            + " bits");
  }
}
