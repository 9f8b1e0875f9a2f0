package io.sonidb.sound;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.opentest4j.TestAbortedException;

/// Runs random tests from a seed that a failure tells; `-Dsonidb.seed=N` runs that one again.
public final class Seeded {
  private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
      RandomGeneratorFactory.of("L64X128MixRandom");

  /// A random test.
  @FunctionalInterface
  public interface Body {
    /// Runs once.
    void run(RandomGenerator random) throws Exception;
  }

  private Seeded() {}

  /// Runs `body` with `count` seeds, or with the one asked for.
  public static void run(int count, Body body) {
    Long asked = Long.getLong("sonidb.seed");
    if (asked != null) {
      runOne(asked, body);
      return;
    }
    long first = System.nanoTime();
    for (int i = 0; i < count; i++) {
      runOne(first + i, body);
    }
  }

  private static void runOne(long seed, Body body) {
    try {
      body.run(FACTORY.create(seed));
    } catch (TestAbortedException e) {
      throw e;
    } catch (Exception | AssertionError e) {
      throw new AssertionError(e.getMessage() + "\nagain with -Dsonidb.seed=" + seed, e);
    }
  }
}
