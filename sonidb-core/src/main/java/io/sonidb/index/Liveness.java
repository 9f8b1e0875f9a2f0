package io.sonidb.index;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/// Which records of a segment are needed, and since when the others are not: one bit each, set when
/// the record is superseded or deleted, and the number of the write that did it.
///
/// The number lets a reader ask for any moment since the collection was opened: a view as of a
/// sequence number sees what was live then, whatever is written meanwhile. It costs 8 bytes, off
/// the heap, for each record of a segment in which any has died since.
///
/// Derived by replaying sequence numbers; only the bits are checkpointed. One thread writes, any
/// number read.
public final class Liveness {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
  private static final ValueLayout.OfLong SINCE = ValueLayout.JAVA_LONG;

  private volatile long[] dead = new long[1];
  private volatile MemorySegment since = MemorySegment.NULL;
  private volatile int deadCount; // written by one thread
  private volatile long deadBytes; // written by one thread
  private volatile long newestKill; // written by one thread

  /// Whether the record is needed now.
  public boolean isLive(int ordinal) {
    return !isDead(ordinal);
  }

  /// Whether the record was needed when everything up to a sequence number was written, and nothing
  /// after it.
  public boolean isLive(int ordinal, long asOf) {
    return !isDead(ordinal) || deadSince(ordinal) > asOf;
  }

  private boolean isDead(int ordinal) {
    long[] words = dead;
    int word = ordinal >>> 6;
    return word < words.length && ((long) WORD.getAcquire(words, word) & 1L << ordinal) != 0;
  }

  /// Number of the write since which a dead record is not needed; 0 if that was before the
  /// collection was opened.
  public long deadSince(int ordinal) {
    MemorySegment numbers = since;
    long at = ordinal * 8L;
    return at < numbers.byteSize() ? numbers.get(SINCE, at) : 0;
  }

  /// Marks a record as superseded or deleted. One thread at a time.
  ///
  /// @param sequence number of the write that did it
  /// @param bytes that the record takes
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  public void kill(int ordinal, long sequence, int bytes) {
    int word = ordinal >>> 6;
    if (word >= dead.length) {
      dead = Arrays.copyOf(dead, Math.max(word + 1, dead.length * 2));
    }
    long[] words = dead;
    long bit = 1L << ordinal;
    if ((words[word] & bit) == 0) {
      setSince(ordinal, sequence);
      newestKill = Math.max(newestKill, sequence); // before the bit, as deadWords needs it
      WORD.setRelease(words, word, words[word] | bit);
      deadCount = deadCount + 1;
      deadBytes = deadBytes + bytes;
    }
  }

  private void setSince(int ordinal, long sequence) {
    MemorySegment numbers = since;
    long needed = (ordinal + 1) * 8L;
    if (needed > numbers.byteSize()) {
      // Freed by the garbage collector: readers may still hold the one that is replaced.
      MemorySegment more =
          Arena.ofAuto().allocate(Math.max(needed, Math.max(512, numbers.byteSize() * 2)), 8);
      MemorySegment.copy(numbers, 0, more, 0, numbers.byteSize());
      numbers = more;
      since = more;
    }
    numbers.set(SINCE, ordinal * 8L, sequence);
  }

  /// The records that were not needed when everything up to a sequence number was written, and
  /// nothing after it: 64 bits a word, bit set = not needed. A copy.
  public long[] deadWords(long asOf) {
    long[] words = dead;
    long[] copy = new long[words.length];
    for (int word = 0; word < words.length; word++) {
      copy[word] = (long) WORD.getAcquire(words, word);
    }
    if (newestKill > asOf) {
      for (int word = 0; word < copy.length; word++) {
        for (long left = copy[word]; left != 0; left &= left - 1) {
          int ordinal = word << 6 | Long.numberOfTrailingZeros(left);
          if (deadSince(ordinal) > asOf) {
            copy[word] &= ~(1L << ordinal);
          }
        }
      }
    }
    return copy;
  }

  /// Number of records that are not needed.
  public int deadCount() {
    return deadCount;
  }

  /// Bytes of the records that are not needed.
  public long deadBytes() {
    return deadBytes;
  }

  /// Bytes of the records that were needed when everything up to a sequence number was written, and
  /// are not any more.
  ///
  /// @param length of a record, by its ordinal
  public long bytesDeadSince(long sequence, IntUnaryOperator length) {
    if (newestKill <= sequence) {
      return 0;
    }
    long bytes = 0;
    long[] words = dead;
    for (int word = 0; word < words.length; word++) {
      long left = (long) WORD.getAcquire(words, word);
      while (left != 0) {
        int ordinal = word << 6 | Long.numberOfTrailingZeros(left);
        bytes += deadSince(ordinal) > sequence ? length.applyAsInt(ordinal) : 0;
        left &= left - 1;
      }
    }
    return bytes;
  }

  /// Bytes that [#writeTo] takes.
  public int size() {
    return 16 + dead.length * 8;
  }

  /// Writes the bits for a checkpoint.
  public void writeTo(ByteBuffer out) {
    out.putInt(deadCount).putInt(dead.length).putLong(deadBytes);
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
    liveness.deadBytes = in.getLong();
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
    liveness.deadCount = deadCount;
    liveness.dead = words;
    return liveness;
  }
}
