package io.sonidb.flac.kernel;

import java.util.concurrent.locks.LockSupport;

/// Runs SIMD until it is compiled, and tells whether it is faster than plain loops.
///
/// It takes about a quarter of a processor: until it is compiled SIMD is slower a thousandfold, and
/// what it waits for is a compiler, which wants a processor, as does whatever the process is there
/// for.
public final class Trial {
  private static final long MOST_NANOS = 240_000_000_000L;
  private static final int WINS = 3;
  private static final int RUNS = 100;

  /// After so long it rests, for three times as long as it has run, and not much longer than SIMD
  /// takes that is not compiled: who was made to wait for a processor has not used it.
  private static final long WORK_NANOS = 5_000_000;

  private static final int REST = 3;
  private static final long MOST_REST_NANOS = 100_000_000;

  private long workedSince = System.nanoTime();

  private Trial() {}

  /// Tries until the first task was faster three times in a row, or for four minutes.
  ///
  /// @param times how many runs of the second task the first one stands for
  public static boolean isFaster(Runnable simd, Runnable plain, int times) {
    Trial trial = new Trial();
    long end = System.nanoTime() + MOST_NANOS;
    int wins = 0;
    while (wins < WINS && System.nanoTime() - end < 0) {
      wins = trial.nanos(simd) < times * trial.nanos(plain) ? wins + 1 : 0;
    }
    return wins == WINS;
  }

  /// The least time of some runs: others may take the processor away from any of them.
  private long nanos(Runnable task) {
    long least = Long.MAX_VALUE;
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      task.run();
      long end = System.nanoTime();
      least = Math.min(least, end - start);
      if (end - workedSince > WORK_NANOS) {
        LockSupport.parkNanos(Math.min(MOST_REST_NANOS, REST * (end - workedSince)));
        workedSince = System.nanoTime();
      }
    }
    return least;
  }
}
