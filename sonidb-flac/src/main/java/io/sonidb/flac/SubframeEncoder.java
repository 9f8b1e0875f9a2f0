package io.sonidb.flac;

import io.sonidb.flac.kernel.Kernels;
import io.sonidb.flac.kernel.Rice;

/// Writes one channel of a frame as the smallest subframe that its [SubframeSearch] reaches (RFC
/// 9639, 9.2).
///
/// Each way of coding is asked for its exact size, and the smallest is written. Where even a lower
/// bound of the size is no less than that of plain samples, the way is not looked at closer. Where
/// linear predictors are looked for there are too many ways for that: then only the ones with the
/// least estimates, one fixed and one linear predictor, are counted.
final class SubframeEncoder {

  private static final int CONSTANT = 0;
  private static final int VERBATIM = 1;
  private static final int FIXED = 8;
  private static final int LPC = 32;

  private static final int HEADER_BITS = 8;

  /// Four bits of coefficient precision, less one, and five of shift; the coefficients take a bit
  /// each.
  private static final int ZERO_PREDICTOR_BITS = 9;

  private final SubframeSearch search;
  private final PredictorSearch predictors;
  private final RiceEstimate estimate = new RiceEstimate();

  private final PartitionSums partitions = new PartitionSums();
  private Partitioning best = new Partitioning(partitions);
  private Partitioning trial = new Partitioning(partitions);
  private final UnarySums unary = new UnarySums();
  private final RiceWriter codes = new RiceWriter();
  private int[] shifted = {};

  /// The differences of order 1 to 4 of the samples.
  private final int[][] differences = new int[5][0];

  private final LinearPredictor zeros = new LinearPredictor();

  /// Set by [#measure].
  private long sum;

  private int union;

  /// Of the samples behind the most raw ones.
  private long sumBehind;

  private int unionBehind;

  // What is chosen: the subframe type, and what it takes to write it.

  private int kind;
  private int[] samples = {};
  private int blockSize;
  private int depth;
  private int wastedBits;
  private int order;
  private int[] residuals = {};
  private LinearPredictor predictor = zeros;

  SubframeEncoder(SubframeSearch search) {
    this.search = search;
    predictors = new PredictorSearch(search.maxLpcOrder(), search.maxPartitionOrder());
  }

  /// Chooses how to code samples, which must stay as they are until they are written.
  ///
  /// @param pcm `int[blockSize]` or longer
  /// @param depth bits per sample, 4 to 25
  /// @return the bits of the subframe
  long choose(Kernels kernels, int[] pcm, int blockSize, int depth, int channel) {
    int first = pcm[0];
    int different = differing(pcm, blockSize, first);
    measure(pcm, 1, blockSize);
    int foldedUnion = union;
    long foldedSum = sum;
    if ((foldedUnion | Rice.fold(first)) >>> depth != 0) {
      throw outOfRange(pcm, blockSize, depth, channel);
    }
    this.blockSize = blockSize;
    samples = pcm;
    wastedBits = 0;
    this.depth = depth;
    if (different == 0) {
      kind = CONSTANT;
      return HEADER_BITS + (long) depth;
    }
    // Low bits are zero in all samples if they are in the first and no other one differs there. The
    // samples are not all equal, so at least one is not zero.
    wastedBits = Integer.numberOfTrailingZeros(different | first);
    if (wastedBits > 0) {
      samples = shift(pcm, blockSize, wastedBits);
      this.depth = depth - wastedBits;
      measure(samples, 1, blockSize);
      foldedSum = sum;
      foldedUnion = union;
    }
    return HEADER_BITS + wastedBits + chooseKind(kernels, foldedSum, foldedUnion);
  }

  /// @param sum of all folded samples but the first
  /// @param union of all folded samples but the first
  /// @return the bits behind the header
  private long chooseKind(Kernels kernels, long sum, int union) {
    kind = VERBATIM;
    long bits = chooseUnpredicted(sum, union, (long) blockSize * depth);
    return search.maxLpcOrder() == 0 ? chooseFixed(bits) : choosePredicted(kernels, bits);
  }

  /// Looks at raw samples ahead of a residual that is not predicted, and at none. One is looked at
  /// first: for sonified vectors it wins, and then rules out the rest by their lower bounds. What
  /// is behind the most raw samples is summed up once for all of them. Only the best number of
  /// them, and none, are looked at with partitions.
  private long chooseUnpredicted(long sum, int union, long limit) {
    long bits = limit;
    int most = Math.min(search.maxWarmUp(), blockSize - 1);
    startBehind(most, sum, union);
    for (int warmUp = 1; warmUp <= most; warmUp++) {
      include(warmUp, most);
      if (isBetter(samples, warmUp, 0, bits - ahead(warmUp))) {
        zeros.setZeros(warmUp);
        predictor = zeros;
        take(LPC + warmUp - 1, warmUp, samples);
        bits = ahead(warmUp) + best.bits;
      }
    }
    int parts = search.maxPartitionOrder();
    if (parts > 0
        && kind >= LPC
        && Partitioning.finestOrder(parts, order, blockSize) > 0
        && isBetter(samples, order, parts, bits - ahead(order))) {
      bits = ahead(order) + best.bits;
    }
    include(0, most);
    if (isBetter(samples, 0, parts, bits)) {
      take(FIXED, 0, samples);
      bits = best.bits;
    }
    return bits;
  }

  /// Sums up the samples behind some.
  ///
  /// @param sum of all folded samples but the first
  /// @param union of all folded samples but the first
  private void startBehind(int most, long sum, int union) {
    sumBehind = sum;
    unionBehind = most > 1 ? foldedUnion(samples, most, blockSize) : union;
    for (int i = 1; i < most; i++) {
      sumBehind -= Rice.fold(samples[i]);
    }
    if (most == 0) {
      sumBehind += Rice.fold(samples[0]);
      unionBehind |= Rice.fold(samples[0]);
    }
    unary.start(samples, most, blockSize, sumBehind);
  }

  /// Sets the sums of the samples from `first` on.
  ///
  /// @param most whose sums have been started
  private void include(int first, int most) {
    sum = sumBehind;
    union = unionBehind;
    for (int i = first; i < most; i++) {
      int folded = Rice.fold(samples[i]);
      sum += folded;
      union |= folded;
    }
    unary.include(first);
  }

  /// What raw samples ahead of a residual that is not predicted take.
  private long ahead(int warmUp) {
    return (long) warmUp * depth + ZERO_PREDICTOR_BITS + warmUp;
  }

  /// Counts the bits of all fixed predictors.
  private long chooseFixed(long limit) {
    long bits = limit;
    for (int fixed = 1; fixed <= search.maxFixedOrder() && fixed < blockSize; fixed++) {
      bits = weigh(FIXED + fixed, fixed, difference(samples, fixed, blockSize), 0, bits);
    }
    return bits;
  }

  /// Counts the bits of the fixed predictor and of the linear one that are likely the best of their
  /// kind.
  private long choosePredicted(Kernels kernels, long limit) {
    int likely = 0;
    long least = Long.MAX_VALUE;
    for (int fixed = 1; fixed <= search.maxFixedOrder() && fixed < blockSize; fixed++) {
      int[] differences = difference(samples, fixed, blockSize);
      long guess =
          (long) fixed * depth
              + estimate.bits(differences, fixed, blockSize, search.maxPartitionOrder());
      if (guess < least) {
        least = guess;
        likely = fixed;
      }
    }
    long bits = limit;
    if (likely > 0) {
      bits = weigh(FIXED + likely, likely, differences[likely], 0, bits);
    }
    if (blockSize > 1 && predictors.find(kernels, samples, blockSize, depth)) {
      LinearPredictor found = predictors.predictor();
      long withoutFound = bits;
      bits = weigh(LPC + found.order - 1, found.order, predictors.residual(), found.bits(), bits);
      if (bits < withoutFound) {
        predictor = found;
      }
    }
    return bits;
  }

  /// Takes a kind of subframe if it has fewer bits than `limit`.
  ///
  /// @param overhead bits besides raw samples and residual
  /// @return the bits of what is best now
  private long weigh(int kind, int order, int[] residuals, int overhead, long limit) {
    union = foldedUnion(residuals, order, blockSize);
    sum = Rice.sum(residuals, order, blockSize);
    unary.start(residuals, order, blockSize, sum);
    long ahead = (long) order * depth + overhead;
    if (!isBetter(residuals, order, search.maxPartitionOrder(), limit - ahead)) {
      return limit;
    }
    take(kind, order, residuals);
    return ahead + best.bits;
  }

  private void take(int kind, int order, int[] residuals) {
    this.kind = kind;
    this.order = order;
    this.residuals = residuals;
  }

  /// Writes what was chosen.
  void write(BitWriter out) {
    putHeader(out, kind, wastedBits);
    if (kind == CONSTANT) {
      out.putSigned(samples[0], depth);
    } else if (kind == VERBATIM) {
      out.putSamples(samples, 0, blockSize, depth);
    } else {
      out.putSamples(samples, 0, order, depth);
      if (kind >= LPC) {
        predictor.write(out);
      }
      best.write(out, codes, residuals, order, blockSize);
    }
  }

  /// Makes the best partitioning of a residual the best of all, if it has fewer than `limit` bits.
  ///
  /// @param maxOrder of the partitions
  private boolean isBetter(int[] residuals, int from, int maxOrder, long limit) {
    if (!trial.choose(residuals, from, blockSize, maxOrder, sum, union, unary, limit)) {
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
  /// 25-bit samples have at most 29 bits.
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
