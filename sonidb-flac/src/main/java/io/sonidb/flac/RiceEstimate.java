package io.sonidb.flac;

import io.sonidb.flac.kernel.Rice;

/// About how many bits a residual takes, to choose among many whose bits are not worth counting.
///
/// It looks at sums only: the low bits that a Rice code keeps are on average half of what they can
/// be.
final class RiceEstimate {

  /// Sums of folded residuals: of the whole block at 1, and of the halves of what `n` stands for at
  /// `2 * n` and `2 * n + 1`.
  private long[] sums = {};

  /// Estimates the bits of the residual `residuals[from..blockSize)`.
  long bits(int[] residuals, int from, int blockSize, int maxOrder) {
    int finest = Partitioning.finestOrder(maxOrder, from, blockSize);
    int parts = 1 << finest;
    if (sums.length < 2 * parts) {
      sums = new long[2 * parts];
    }
    int size = blockSize >>> finest;
    for (int part = 0; part < parts; part++) {
      int start = part == 0 ? from : part * size;
      sums[parts + part] = Rice.sum(residuals, start, (part + 1) * size);
    }
    for (int node = parts - 1; node > 0; node--) {
      sums[node] = sums[2 * node] + sums[2 * node + 1];
    }
    long least = Long.MAX_VALUE;
    for (int order = 0; order <= finest; order++) {
      least = Math.min(least, bits(order, from, blockSize >>> order));
    }
    return least;
  }

  private long bits(int order, int from, int size) {
    int parts = 1 << order;
    long bits = 4L * parts + bits(sums[parts], size - from);
    for (int part = 1; part < parts; part++) {
      bits += bits(sums[parts + part], size);
    }
    return bits;
  }

  private static long bits(long sum, int count) {
    int parameter = Rice.estimate(sum, count);
    return Math.min(bits(sum, count, parameter), bits(sum, count, parameter + 1));
  }

  private static long bits(long sum, int count, int parameter) {
    long low = (long) count * ((1L << parameter) - 1) >>> 1;
    return (long) count * (parameter + 1) + (Math.max(sum - low, 0) >>> parameter);
  }
}
