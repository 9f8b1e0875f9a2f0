package io.sonidb.flac;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Runs a random test under many seeds. A failure names its seed; `-Dsonidb.seed=N` runs that one
/// alone.
final class Seeds {

  private static final String PROPERTY = "sonidb.seed";

  interface Trial {
    void run(RandomGenerator random) throws Exception;
  }

  private Seeds() {}

  /// Seeds 0 to `count - 1`, the same in every run.
  static void repeat(int count, Trial trial) {
    repeat(0, count, trial);
  }

  /// Other seeds in every run.
  static void explore(int count, Trial trial) {
    repeat(System.nanoTime(), count, trial);
  }

  private static void repeat(long first, int count, Trial trial) {
    Long only = Long.getLong(PROPERTY);
    long start = only == null ? first : only;
    long end = only == null ? first + count : start + 1;
    for (long seed = start; seed != end; seed++) {
      try {
        trial.run(new SplittableRandom(seed));
      } catch (Exception | AssertionError e) {
        throw new AssertionError("failed with -D" + PROPERTY + "=" + seed + ": " + e, e);
      }
    }
  }
}
