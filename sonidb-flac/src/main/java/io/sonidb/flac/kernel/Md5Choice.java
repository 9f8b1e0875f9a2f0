package io.sonidb.flac.kernel;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;

/// Whether [Md5Lanes] are used: once they are compiled and have been seen to be faster than one
/// stream after the other.
///
/// As with [KernelChoice], a thread of its own runs them until they are compiled, and ends. It is
/// started by the first who asks.
public final class Md5Choice {
  private static final long MOST_NANOS = 60_000_000_000L;
  private static final int BLOCKS = 128;
  private static final int RUNS = 30;

  /// Lanes must be faster than this many streams, of which one has to wait for the others.
  private static final int STREAMS = 2;

  private static final AtomicBoolean ASKED = new AtomicBoolean();
  private static volatile boolean lanesAreFaster;

  private Md5Choice() {}

  /// {@return whether several streams should be digested in lanes, as far as is known by now}
  public static boolean lanesAreFaster() {
    if (Kernels.BEST.areSimd() && ASKED.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("sonidb-flac-md5").start(Md5Choice::warmUp);
    }
    return lanesAreFaster;
  }

  private static void warmUp() {
    long end = System.nanoTime() + MOST_NANOS;
    int faster = 0;
    while (faster < 3 && System.nanoTime() - end < 0) {
      faster = nanos(Md5Choice::inLanes) < STREAMS * nanos(Md5Choice::alone) ? faster + 1 : 0;
    }
    lanesAreFaster = faster == 3;
  }

  /// The least time of some runs: others may take the processor away from any of them.
  private static long nanos(IntSupplier task) {
    long least = Long.MAX_VALUE;
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      int _ = task.getAsInt();
      least = Math.min(least, System.nanoTime() - start);
    }
    return least;
  }

  private static int inLanes() {
    int[] words = new int[BLOCKS * Md5Lanes.BLOCK_BYTES / Integer.BYTES];
    Md5Lanes lanes = new Md5Lanes();
    lanes.update(words, new int[Md5Lanes.LANES], BLOCKS, 0);
    return lanes.word(0, 0);
  }

  private static int alone() {
    try {
      byte[] bytes = new byte[BLOCKS * Md5Lanes.BLOCK_BYTES];
      return MessageDigest.getInstance("MD5").digest(bytes)[0];
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no MD5", e);
    }
  }
}
