package io.sonidb.flac;

import io.sonidb.flac.kernel.Rice;

/// What partitions of a residual, of all sizes, take under each Rice parameter that may be the best
/// of one of them.
///
/// Partitions are numbered as the nodes of a heap: the whole block is 1, the halves of `n` are `2 *
/// n` and `2 * n + 1`. The unary parts of the codes are summed for the smallest partitions only;
/// larger ones add those sums up.
///
/// Only parameters between the least and the greatest optimum of the smallest partitions may
/// matter: the length of a run is convex in the parameter ([Rice]), so below all optima every
/// length falls, and above them every length rises.
final class PartitionSums {

  /// The parameters that may matter.
  int lowest;

  int highest;

  /// There are up to 2 to the power of this partitions.
  private int finest;

  private int from;
  private int blockSize;
  private int[] folded = {};

  /// For each partition: its residuals, folded, added and joined by "or".
  private long[] totals = {};

  private int[] unions = {};

  /// For each parameter and partition the bits of the unary parts, less one a code.
  private final long[][] unary = new long[Rice.MAX_PARAMETER_5_BIT + 1][0];

  /// Sums up the residual `residuals[from..blockSize)`.
  ///
  /// @param finest the largest partition order
  void start(int[] residuals, int from, int blockSize, int finest) {
    this.from = from;
    this.blockSize = blockSize;
    this.finest = finest;
    fold(residuals, from, blockSize);
    sumResiduals();
    estimateRange();
    for (int k = lowest; k <= highest; k++) {
      sumUnary(k);
    }
    // With one more bit of parameter the unary parts lose at most half of themselves and half a bit
    // a code; with one less they double at least. So only where they take more, or no more, than a
    // bit a code can a larger, or a smaller, parameter be better.
    while (lowest > 0 && isAnyShort(unary[lowest])) {
      lowest--;
      sumUnary(lowest);
    }
    while (highest < Rice.MAX_PARAMETER_5_BIT && isAnyLong(unary[highest])) {
      highest++;
      sumUnary(highest);
    }
    // The four-bit method has no parameter above 14 and takes 14 in place of a larger one.
    while (lowest > Rice.MAX_PARAMETER_4_BIT) {
      lowest--;
      sumUnary(lowest);
    }
  }

  /// How many residuals a partition has.
  ///
  /// @param order of the partitions that are as large
  int count(int node, int order) {
    return (blockSize >>> order) - (node == 1 << order ? from : 0);
  }

  /// Bits of a number of the partition without a code.
  int width(int node) {
    return Rice.width(unions[node]);
  }

  /// For each partition the bits of the unary parts, less one a code.
  ///
  /// @param parameter [#lowest] to [#highest]
  long[] unary(int parameter) {
    return unary[parameter];
  }

  private void fold(int[] residuals, int from, int to) {
    if (folded.length < to) {
      folded = new int[to];
    }
    int[] into = folded;
    for (int i = from; i < to; i++) {
      into[i] = Rice.fold(residuals[i]);
    }
  }

  private void sumResiduals() {
    int parts = 1 << finest;
    if (totals.length < 2 * parts) {
      totals = new long[2 * parts];
      unions = new int[2 * parts];
    }
    int size = blockSize >>> finest;
    for (int part = 0; part < parts; part++) {
      int start = part == 0 ? from : part * size;
      unions[parts + part] = union(folded, start, (part + 1) * size);
      totals[parts + part] = sum(folded, start, (part + 1) * size);
    }
    for (int node = parts - 1; node > 0; node--) {
      unions[node] = unions[2 * node] | unions[2 * node + 1];
      totals[node] = totals[2 * node] + totals[2 * node + 1];
    }
  }

  private void estimateRange() {
    lowest = Rice.MAX_PARAMETER_5_BIT;
    highest = 0;
    for (int node = 1 << finest; node < 2 << finest; node++) {
      int estimate = Rice.estimate(totals[node], count(node, finest));
      lowest = Math.min(lowest, estimate);
      highest = Math.max(highest, estimate);
    }
  }

  private void sumUnary(int parameter) {
    int parts = 1 << finest;
    if (unary[parameter].length < 2 * parts) {
      unary[parameter] = new long[2 * parts];
    }
    long[] into = unary[parameter];
    int size = blockSize >>> finest;
    boolean narrow = totals[1] >>> parameter <= Integer.MAX_VALUE;
    for (int part = 0; part < parts; part++) {
      int start = part == 0 ? from : part * size;
      int end = (part + 1) * size;
      into[parts + part] =
          narrow
              ? shiftedSum(folded, start, end, parameter)
              : wideShiftedSum(folded, start, end, parameter);
    }
    for (int node = parts - 1; node > 0; node--) {
      into[node] = into[2 * node] + into[2 * node + 1];
    }
  }

  private boolean isAnyShort(long[] sums) {
    for (int node = 1 << finest; node < 2 << finest; node++) {
      if (sums[node] <= count(node, finest)) {
        return true;
      }
    }
    return false;
  }

  private boolean isAnyLong(long[] sums) {
    for (int node = 1 << finest; node < 2 << finest; node++) {
      if (sums[node] > count(node, finest)) {
        return true;
      }
    }
    return false;
  }

  private static int union(int[] folded, int from, int to) {
    int union = 0;
    for (int i = from; i < to; i++) {
      union |= folded[i];
    }
    return union;
  }

  private static long sum(int[] folded, int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += folded[i] & 0xffffffffL;
    }
    return sum;
  }

  private static int shiftedSum(int[] folded, int from, int to, int parameter) {
    int sum = 0;
    for (int i = from; i < to; i++) {
      sum += folded[i] >>> parameter;
    }
    return sum;
  }

  private static long wideShiftedSum(int[] folded, int from, int to, int parameter) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += (folded[i] & 0xffffffffL) >>> parameter;
    }
    return sum;
  }
}
