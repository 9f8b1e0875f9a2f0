package io.sonidb.server.http;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Room for the bodies that are read at the same time, so that many large ones cannot fill the
/// memory.
final class BodyBudget {
  private static final int UNIT = 1 << 10;
  private static final long PATIENCE_SECONDS = 10;

  private final Semaphore units;
  private final int all;

  BodyBudget(long bytes) {
    this.all = (int) Math.min(Integer.MAX_VALUE, bytes / UNIT);
    this.units = new Semaphore(all, true);
  }

  /// Room that was taken.
  interface Room extends AutoCloseable {
    @Override
    void close();
  }

  /// Takes room for a body, waiting for it.
  ///
  /// @throws ApiException if there is none for too long
  Room take(long bytes) {
    int wanted = (int) Math.min(all, bytes / UNIT + 1);
    try {
      if (units.tryAcquire(wanted, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return () -> units.release(wanted);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw ApiException.of(503, "Service unavailable: too many large requests at once, try again");
  }
}
