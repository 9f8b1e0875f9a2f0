package io.sonidb.server.hls;

import java.util.concurrent.TimeUnit;

/// The time by which live sound is cut. It never goes back.
public interface LiveClock {
  /// The machine's time when the node started, and what has passed since: setting the machine's
  /// clock does not move it.
  LiveClock SYSTEM =
      new LiveClock() {
        private final long start = System.currentTimeMillis();
        private final long startNanos = System.nanoTime();

        @Override
        public long millis() {
          return start + (System.nanoTime() - startNanos) / 1_000_000;
        }

        @Override
        public void awaitMillis(long millis) throws InterruptedException {
          TimeUnit.MILLISECONDS.sleep(millis - millis());
        }
      };

  /// Milliseconds since 1970.
  long millis();

  /// Waits until [#millis] is there.
  void awaitMillis(long millis) throws InterruptedException;
}
