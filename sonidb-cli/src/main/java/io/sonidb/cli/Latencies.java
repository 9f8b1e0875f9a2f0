package io.sonidb.cli;

import java.util.Arrays;

/// Durations of one kind of call, and their quantiles. Several threads may add.
final class Latencies {

  private long[] nanos = new long[1024];
  private int count;

  synchronized void add(long durationNanos) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, count * 2);
    }
    nanos[count++] = durationNanos;
  }

  /// The duration that the share `quantile` of all calls did not exceed, in milliseconds.
  synchronized double millis(double quantile) {
    if (count == 0) {
      return Double.NaN;
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    int index = (int) Math.ceil(quantile * count) - 1;
    return sorted[Math.clamp(index, 0, count - 1)] / 1e6;
  }
}
