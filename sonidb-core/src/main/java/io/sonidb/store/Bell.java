package io.sonidb.store;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/// Wakes all who wait for something, however many they are, at the price of one counter for whoever
/// rings: those who are woken wake each other, and take no lock that a writer needs.
final class Bell {
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile CountDownLatch next = new CountDownLatch(1);

  /// Wakes everybody who waits; whatever they wait for must be visible already. Several threads may
  /// ring: who waits for the older of two rings has been woken by it, or is by the newer.
  void ring() {
    if (waiting.get() > 0) {
      CountDownLatch rung;
      synchronized (waiting) {
        rung = next;
        next = new CountDownLatch(1);
      }
      rung.countDown();
    }
  }

  /// Waits until a condition holds; it is asked again at each ring.
  ///
  /// @return whether it holds
  boolean await(BooleanSupplier condition, long timeoutNanos) throws InterruptedException {
    if (condition.getAsBoolean()) {
      return true;
    }
    long start = System.nanoTime();
    waiting.incrementAndGet(); // before the condition is asked: who rings afterwards sees it
    try {
      while (true) {
        CountDownLatch rings = next;
        if (condition.getAsBoolean()) {
          return true;
        }
        long left = timeoutNanos - (System.nanoTime() - start);
        if (left <= 0 || !rings.await(left, TimeUnit.NANOSECONDS)) {
          return condition.getAsBoolean();
        }
      }
    } finally {
      waiting.decrementAndGet();
    }
  }
}
