package io.sonidb.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// Segments that wait to be sealed.
///
/// A few of them are sealed side by side in little more time than one alone. So while segments fill
/// up quickly, whoever takes them waits until there are enough: for each further one twice as long
/// as the last one took to come, so that nothing waits for long when the writers pause. Where a
/// segment takes longer than [#MAX_GAP_NANOS] to fill, and when somebody waits for the sealing
/// itself, it is sealed at once.
final class SealQueue {
  static final long MAX_GAP_NANOS = TimeUnit.SECONDS.toNanos(2);

  /// A segment that waits.
  ///
  /// @param writer whose file is to be closed
  /// @param done runs when sealing it was tried
  record Waiting(Segment segment, Optional<SegmentWriter> writer, Runnable done) {}

  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private long lastNanos;
  private long patienceNanos; // for whatever comes behind the last one
  private int hurrying;

  /// @param clock nanoseconds since whenever, as [System#nanoTime] tells them
  SealQueue(LongSupplier clock) {
    this.clock = clock;
    lastNanos = clock.getAsLong() - MAX_GAP_NANOS;
  }

  void add(Waiting segment) {
    lock.lock();
    try {
      long now = clock.getAsLong();
      long gap = now - lastNanos;
      lastNanos = now;
      patienceNanos = gap < MAX_GAP_NANOS ? 2 * gap : 0;
      queue.add(segment);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Takes all that wait, once they are enough or no more are expected soon; nothing when none
  /// waits. For one thread.
  List<Waiting> take(int enough) {
    lock.lock();
    try {
      while (!queue.isEmpty() && queue.size() < enough && hurrying == 0 && patienceLeft() > 0) {
        changed.awaitNanos(patienceLeft());
      }
      List<Waiting> taken = new ArrayList<>(queue);
      queue.clear();
      return taken;
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the sealing thread", e);
    } finally {
      lock.unlock();
    }
  }

  private long patienceLeft() {
    return lastNanos + patienceNanos - clock.getAsLong();
  }

  /// Has nothing wait for company until [#relax] is called as often.
  void hurry() {
    lock.lock();
    try {
      hurrying++;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  void relax() {
    lock.lock();
    try {
      hurrying--;
    } finally {
      lock.unlock();
    }
  }
}
