package io.sonidb.flac;

import io.sonidb.flac.kernel.Rice;

/// How a residual is cut into partitions, and how each of them is coded (RFC 9639, 9.2.7).
///
/// [#choose] finds the cheapest way by counting every bit. The unary parts under every parameter
/// that may matter are summed once, for the smallest partitions; larger partitions add those sums
/// up. Only parameters between the least and the greatest optimum of the smallest partitions may
/// matter: the length of a run is convex in the parameter ([Rice]), so below all optima every
/// length falls, and above them every length rises.
final class Partitioning {

  private static final int METHOD_BITS = 2;
  private static final int ORDER_BITS = 4;
  private static final int WIDTH_BITS = 5;

  /// The bits of the whole residual, method and partition order included.
  long bits;

  private int order;

  /// Bits of each parameter: 4 or 5.
  private int parameterBits;

  /// For each partition its Rice parameter, or, for an escaped one, `~width`.
  private int[] parameters = new int[1];

  private long[] sums = {};
  private int[] unions = {};
  private long[] lengths = {};

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
    int finest = Math.min(maxOrder, Integer.numberOfTrailingZeros(blockSize));
    while (finest > 0 && blockSize >>> finest <= from) {
      finest--;
    }
    bits = limit;
    if (finest == 0) {
      return chooseWhole(blockSize - from, sum, union, unary);
    }
    return chooseParts(residuals, from, blockSize, finest);
  }

  private boolean chooseWhole(int count, long sum, int union, UnarySums unary) {
    int width = Rice.width(union);
    long escaped = WIDTH_BITS + (long) width * count;
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
    int parts = 1 << finest;
    int size = blockSize >>> finest;
    if (parameters.length < parts) {
      parameters = new int[parts];
    }
    if (unions.length < parts) {
      unions = new int[parts];
      lengths = new long[parts];
    }
    int lowest = Rice.MAX_PARAMETER_5_BIT;
    int highest = 0;
    for (int part = 0; part < parts; part++) {
      int start = part == 0 ? from : part * size;
      int end = (part + 1) * size;
      int union = 0;
      for (int i = start; i < end; i++) {
        union |= Rice.fold(residuals[i]);
      }
      unions[part] = union;
      lengths[part] = Rice.sum(residuals, start, end);
      int best = bestParameter(residuals, start, end, lengths[part]);
      lowest = Math.min(lowest, best);
      highest = Math.max(highest, best);
    }
    // The four-bit method has no parameter above 14 and takes 14 in place of a larger one.
    lowest = Math.min(lowest, Rice.MAX_PARAMETER_4_BIT);
    int parameterCount = highest - lowest + 1;
    if (sums.length < parameterCount * parts) {
      sums = new long[parameterCount * parts];
    }
    for (int part = 0; part < parts; part++) {
      int start = part == 0 ? from : part * size;
      int end = (part + 1) * size;
      for (int k = lowest; k <= highest; k++) {
        sums[(k - lowest) * parts + part] =
            Rice.shiftedSum(residuals, start, end, k, lengths[part]);
      }
    }

    boolean found = false;
    for (int level = finest; ; level--) {
      found |= weigh(level, parts, blockSize, from, lowest, highest);
      if (level == 0) {
        return found;
      }
      merge(1 << level, parts, parameterCount);
    }
  }

  /// Takes this partition order if it needs fewer bits than all before it.
  private boolean weigh(int level, int stride, int blockSize, int from, int lowest, int highest) {
    int parts = 1 << level;
    long bits4 = METHOD_BITS + ORDER_BITS + 4L * parts;
    long bits5 = METHOD_BITS + ORDER_BITS + 5L * parts;
    for (int part = 0; part < parts; part++) {
      int count = (blockSize >>> level) - (part == 0 ? from : 0);
      long least = WIDTH_BITS + (long) Rice.width(unions[part]) * count;
      int k = lowest;
      for (; k <= highest && k <= Rice.MAX_PARAMETER_4_BIT; k++) {
        least = Math.min(least, sums[(k - lowest) * stride + part] + (long) count * (k + 1));
      }
      bits4 += least;
      for (; k <= highest; k++) {
        least = Math.min(least, sums[(k - lowest) * stride + part] + (long) count * (k + 1));
      }
      bits5 += least;
    }
    if (Math.min(bits4, bits5) >= bits) {
      return false;
    }
    order = level;
    parameterBits = bits4 <= bits5 ? 4 : 5;
    bits = Math.min(bits4, bits5);
    int top =
        Math.min(highest, parameterBits == 4 ? Rice.MAX_PARAMETER_4_BIT : Rice.MAX_PARAMETER_5_BIT);
    for (int part = 0; part < parts; part++) {
      int count = (blockSize >>> level) - (part == 0 ? from : 0);
      int width = Rice.width(unions[part]);
      long least = WIDTH_BITS + (long) width * count;
      int choice = ~width;
      for (int k = lowest; k <= top; k++) {
        long length = sums[(k - lowest) * stride + part] + (long) count * (k + 1);
        if (length < least) {
          least = length;
          choice = k;
        }
      }
      parameters[part] = choice;
    }
    return true;
  }

  /// Joins neighbouring partitions, two into one.
  private void merge(int parts, int stride, int parameterCount) {
    for (int part = 0; part < parts / 2; part++) {
      unions[part] = unions[2 * part] | unions[2 * part + 1];
    }
    for (int row = 0; row < parameterCount * stride; row += stride) {
      for (int part = 0; part < parts / 2; part++) {
        sums[row + part] = sums[row + 2 * part] + sums[row + 2 * part + 1];
      }
    }
  }

  /// The parameter with the fewest bits, 0 to 30; the smallest of them if there are several.
  private static int bestParameter(int[] residuals, int from, int to, long sum) {
    int k = Rice.estimate(sum, to - from);
    long length = length(residuals, from, to, k, sum);
    while (k < Rice.MAX_PARAMETER_5_BIT) {
      long next = length(residuals, from, to, k + 1, sum);
      if (next >= length) {
        break;
      }
      length = next;
      k++;
    }
    while (k > 0) {
      long next = length(residuals, from, to, k - 1, sum);
      if (next > length) {
        break;
      }
      length = next;
      k--;
    }
    return k;
  }

  private static long length(int[] residuals, int from, int to, int k, long sum) {
    return Rice.shiftedSum(residuals, from, to, k, sum) + (long) (to - from) * (k + 1);
  }

  /// As the other, for a run whose unary parts are counted elsewhere.
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
