package io.sonidb.index;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// Which records of a segment are the newest of their id: one bit each, set when the record is
/// superseded or deleted.
///
/// Derived by replaying sequence numbers. One thread writes, any number read.
public final class Liveness {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private volatile long[] dead = new long[1];
  private final AtomicInteger deadCount = new AtomicInteger();

  /// Whether the record is the newest of its id.
  public boolean isLive(int ordinal) {
    long[] words = dead;
    int word = ordinal >>> 6;
    return word >= words.length || ((long) WORD.getAcquire(words, word) & 1L << ordinal) == 0;
  }

  /// Marks a record as superseded, deleted, or never a vector at all. One thread at a time.
  public void kill(int ordinal) {
    int word = ordinal >>> 6;
    if (word >= dead.length) {
      dead = Arrays.copyOf(dead, Math.max(word + 1, dead.length * 2));
    }
    long[] words = dead;
    long bit = 1L << ordinal;
    if ((words[word] & bit) == 0) {
      WORD.setRelease(words, word, words[word] | bit);
      deadCount.incrementAndGet();
    }
  }

  /// Number of records that are not live.
  public int deadCount() {
    return deadCount.get();
  }

  /// Bytes that [#writeTo] takes.
  public int size() {
    return 8 + dead.length * 8;
  }

  /// Writes the bits for a checkpoint.
  public void writeTo(ByteBuffer out) {
    out.putInt(deadCount.get()).putInt(dead.length);
    for (long word : dead) {
      out.putLong(word);
    }
  }

  /// Reads what [#writeTo] wrote.
  ///
  /// @throws CorruptIndexException if it cannot have been written like that
  public static Liveness readFrom(ByteBuffer in) throws CorruptIndexException {
    Liveness liveness = new Liveness();
    int deadCount = in.getInt();
    int size = in.getInt();
    if (size < 1 || size > in.remaining() / 8) {
      throw new CorruptIndexException("liveness of " + size + " words, which are not there");
    }
    long[] words = new long[size];
    int counted = 0;
    for (int i = 0; i < size; i++) {
      words[i] = in.getLong();
      counted += Long.bitCount(words[i]);
    }
    if (counted != deadCount) {
      throw new CorruptIndexException(
          "liveness says " + deadCount + " records are dead, and marks " + counted);
    }
    liveness.deadCount.set(deadCount);
    liveness.dead = words;
    return liveness;
  }
}
