package io.sonidb;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Deletes what has expired, in all collections of a database, on one thread that sleeps as long as
/// nothing can expire.
final class Sweeper implements AutoCloseable {
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Supplier<List<Collection>> collections;
  private Optional<Thread> thread = Optional.empty(); // guarded by this
  private volatile boolean awake;
  private volatile boolean closed;

  /// @param collections that are open now
  Sweeper(Supplier<List<Collection>> collections) {
    this.collections = collections;
  }

  /// Tells that there may be something that expires.
  void wake() {
    if (awake || closed) {
      return;
    }
    synchronized (this) {
      awake = true;
      if (thread.isEmpty() && !closed) {
        thread =
            Optional.of(Thread.ofPlatform().daemon().name("sonidb-sweep").start(this::sweepOn));
      }
      thread.ifPresent(LockSupport::unpark);
    }
  }

  private void sweepOn() {
    while (!closed) {
      if (awake) {
        awake = false; // before looking: what comes later wakes again
        boolean more = false;
        for (Collection collection : collections.get()) {
          more |= collection.sweep().isPresent();
        }
        if (more) {
          awake = true;
        }
      }
      if (awake) {
        LockSupport.parkNanos(this, PAUSE_NANOS);
      } else if (!closed) {
        LockSupport.park(this);
      }
    }
  }

  /// Waits for the sweep that is under way, and ends.
  @Override
  public void close() {
    Optional<Thread> running;
    synchronized (this) {
      closed = true;
      running = thread;
    }
    running.ifPresent(LockSupport::unpark);
    running.ifPresent(Sweeper::join);
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
