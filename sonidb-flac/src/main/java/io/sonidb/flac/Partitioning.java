package io.sonidb.flac;

import io.sonidb.flac.kernel.Rice;

/// How a residual is cut into partitions, and how each of them is coded (RFC 9639, 9.2.7).
///
/// [#choose] finds the cheapest way by counting every bit, with [UnarySums] where there is one
/// partition only, as in frames of vectors, and with [PartitionSums] where there may be many.
final class Partitioning {

  private static final int METHOD_BITS = 2;
  private static final int ORDER_BITS = 4;
  private static final int WIDTH_BITS = 5;

  /// More bits than a frame can have, and so few that sums of them do not overflow.
  private static final long TOO_MANY = 1L << 40;

  /// The bits of the whole residual, method and partition order included.
  long bits;

  private int order;

  /// Bits of each parameter: 4 or 5.
  private int parameterBits;

  /// For each partition its Rice parameter, or, for an escaped one, `~width`.
  private int[] parameters = new int[1];

  private final PartitionSums sums;

  /// For each partition the least bits so far.
  private long[] least = {};

  /// @param sums to count with; may serve others as well
  Partitioning(PartitionSums sums) {
    this.sums = sums;
  }

  /// Chooses partitions for the residual `residuals[from..blockSize)`, if there are any whose bits
  /// are fewer than `limit`.
  ///
  /// @param from the predictor order: so many samples of the first partition are missing
  /// @param sum of the residual's folded values
  /// @param union of the residual's folded values
  /// @param unary of the residual
  /// @return whether there are; if not, this object describes nothing
  boolean choose(
      int[] residuals,
      int from,
      int blockSize,
      int maxOrder,
      long sum,
      int union,
      UnarySums unary,
      long limit) {
    int finest = finestOrder(maxOrder, from, blockSize);
    bits = limit;
    if (finest == 0) {
      return chooseWhole(blockSize - from, sum, union, unary);
    }
    return chooseParts(residuals, from, blockSize, finest);
  }

  /// The largest partition order that a block allows.
  static int finestOrder(int maxOrder, int from, int blockSize) {
    int finest = Math.min(maxOrder, Integer.numberOfTrailingZeros(blockSize));
    while (finest > 0 && blockSize >>> finest <= from) {
      finest--;
    }
    return finest;
  }

  private boolean chooseWhole(int count, long sum, int union, UnarySums unary) {
    int width = Rice.width(union);
    long escaped = escaped(width, count);
    long overhead = METHOD_BITS + ORDER_BITS + 4;
    if (overhead + Math.min(Rice.lowerBound(sum, count), escaped) >= bits) {
      return false;
    }
    int best = bestParameter(unary, count, sum);
    long bestLength = length(unary, count, best);
    int narrow = Math.min(best, Rice.MAX_PARAMETER_4_BIT);
    // Only a parameter above 14 makes the wider method the smaller one.
    boolean weighed = best == narrow || overhead + bestLength < bits && bestLength < escaped;
    long narrowLength = weighed ? length(unary, count, narrow) : Long.MAX_VALUE;
    order = 0;
    long bits4 = overhead + Math.min(narrowLength, escaped);
    long bits5 = overhead + 1 + Math.min(bestLength, escaped);
    if (Math.min(bits4, bits5) >= bits) {
      return false;
    }
    if (bits4 <= bits5) {
      parameterBits = 4;
      bits = bits4;
      parameters[0] = narrowLength <= escaped ? narrow : ~width;
    } else {
      parameterBits = 5;
      bits = bits5;
      parameters[0] = best;
    }
    return true;
  }

  private boolean chooseParts(int[] residuals, int from, int blockSize, int finest) {
    sums.start(residuals, from, blockSize, finest);
    if (least.length < 2 << finest) {
      least = new long[2 << finest];
    }
    int chosen = -1;
    for (int level = 0; level <= finest; level++) {
      long bits4 = bits(level, 4);
      // Only a parameter above 14 makes the wider method the smaller one.
      long bits5 = sums.highest > Rice.MAX_PARAMETER_4_BIT ? bits(level, 5) : Long.MAX_VALUE;
      if (Math.min(bits4, bits5) < bits) {
        bits = Math.min(bits4, bits5);
        parameterBits = bits4 <= bits5 ? 4 : 5;
        chosen = level;
      }
    }
    if (chosen < 0) {
      return false;
    }
    order = chosen;
    chooseParameters();
    return true;
  }

  /// The bits of all partitions of an order, each under its best parameter or escaped.
  private long bits(int level, int bitsOfParameter) {
    int first = 1 << level;
    int last = highest(bitsOfParameter);
    for (int node = first; node < 2 * first; node++) {
      least[node] = escaped(sums.width(node), sums.count(node, level));
    }
    long ofFirst = least[first];
    long size = sums.count(2 * first - 1, level);
    long sizeOfFirst = sums.count(first, level);
    for (int k = sums.lowest; k <= last; k++) {
      long[] unary = sums.unary(k);
      ofFirst = Math.min(ofFirst, unary[first] + sizeOfFirst * (k + 1));
      takeLess(least, unary, first + 1, 2 * first, size * (k + 1));
    }
    long bits = METHOD_BITS + ORDER_BITS + (long) bitsOfParameter * first + ofFirst;
    for (int node = first + 1; node < 2 * first; node++) {
      bits += least[node];
    }
    return bits;
  }

  /// The bits of numbers without a code. There is no way to say that they have 32.
  private static long escaped(int width, int count) {
    return width < Integer.SIZE ? WIDTH_BITS + (long) width * count : TOO_MANY;
  }

  private static void takeLess(long[] least, long[] unary, int from, int to, long low) {
    for (int node = from; node < to; node++) {
      least[node] = Math.min(least[node], unary[node] + low);
    }
  }

  private void chooseParameters() {
    int parts = 1 << order;
    if (parameters.length < parts) {
      parameters = new int[parts];
    }
    int last = highest(parameterBits);
    for (int part = 0; part < parts; part++) {
      int node = parts + part;
      int count = sums.count(node, order);
      int width = sums.width(node);
      long shortest = escaped(width, count);
      int choice = ~width;
      for (int k = sums.lowest; k <= last; k++) {
        long length = sums.unary(k)[node] + (long) count * (k + 1);
        if (length < shortest) {
          shortest = length;
          choice = k;
        }
      }
      parameters[part] = choice;
    }
  }

  private int highest(int bitsOfParameter) {
    return Math.min(
        sums.highest, bitsOfParameter == 4 ? Rice.MAX_PARAMETER_4_BIT : Rice.MAX_PARAMETER_5_BIT);
  }

  /// The parameter with the fewest bits, 0 to 30.
  private static int bestParameter(UnarySums unary, int count, long sum) {
    int k = Rice.estimate(sum, count);
    // With one more bit of parameter the unary parts lose at most half of themselves and half a bit
    // a code; with one less they double at least. So one direction is ruled out without a look.
    while (k < Rice.MAX_PARAMETER_5_BIT && unary.of(k) > count) {
      if (length(unary, count, k + 1) >= length(unary, count, k)) {
        return k;
      }
      k++;
    }
    while (k > 0 && unary.of(k) <= count) {
      if (length(unary, count, k - 1) > length(unary, count, k)) {
        return k;
      }
      k--;
    }
    return k;
  }

  private static long length(UnarySums unary, int count, int k) {
    return unary.of(k) + (long) count * (k + 1);
  }

  /// Writes the residual as chosen; its length is [#bits].
  void write(BitWriter out, RiceWriter codes, int[] residuals, int from, int blockSize) {
    out.put(parameterBits == 4 ? 0 : 1, METHOD_BITS);
    out.put(order, ORDER_BITS);
    int size = blockSize >>> order;
    int start = from;
    for (int part = 0; part < 1 << order; part++) {
      int end = (part + 1) * size;
      int parameter = parameters[part];
      if (parameter >= 0) {
        out.put(parameter, parameterBits);
        codes.write(out, residuals, start, end, parameter);
      } else {
        int width = ~parameter;
        out.put((1 << parameterBits) - 1, parameterBits);
        out.put(width, WIDTH_BITS);
        if (width > 0) {
          out.putSamples(residuals, start, end, width);
        }
      }
      start = end;
    }
  }
}
