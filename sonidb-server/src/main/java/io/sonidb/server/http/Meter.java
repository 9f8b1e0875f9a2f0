package io.sonidb.server.http;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// Counts requests by their status, and their times in buckets.
final class Meter {
  /// Upper ends of the buckets, in seconds; the last bucket has none.
  static final double[] BUCKETS = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
  };

  private static final int STATUSES = 600;

  private final AtomicLongArray byStatus = new AtomicLongArray(STATUSES);
  private final LongAdder[] buckets = new LongAdder[BUCKETS.length + 1];
  private final LongAdder nanos = new LongAdder();

  Meter() {
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] = new LongAdder();
    }
  }

  void note(int status, long tookNanos) {
    byStatus.incrementAndGet(Math.clamp(status, 0, STATUSES - 1));
    nanos.add(tookNanos);
    double seconds = tookNanos / 1e9;
    int bucket = 0;
    while (bucket < BUCKETS.length && seconds > BUCKETS[bucket]) {
      bucket++;
    }
    buckets[bucket].increment();
  }

  long count(int status) {
    return byStatus.get(status);
  }

  static int statuses() {
    return STATUSES;
  }

  long bucket(int index) {
    return buckets[index].sum();
  }

  double seconds() {
    return nanos.sum() / 1e9;
  }
}
