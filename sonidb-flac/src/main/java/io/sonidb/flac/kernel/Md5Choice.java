package io.sonidb.flac.kernel;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.atomic.AtomicBoolean;

/// Whether [Md5Lanes] are used: once they are compiled and have been seen to be faster than one
/// stream after the other.
///
/// As with [KernelChoice], a thread of its own runs them until they are compiled, and ends. It is
/// started by the first who asks.
public final class Md5Choice {
  private static final int BLOCKS = 128;

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
    lanesAreFaster = Trial.isFaster(Md5Choice::inLanes, Md5Choice::alone, STREAMS);
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
