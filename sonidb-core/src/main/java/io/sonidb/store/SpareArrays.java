package io.sonidb.store;

import java.util.ArrayDeque;
import java.util.Iterator;

/// Arrays in which frames were gathered, kept for the next ones: new ones of this size cost as much
/// as encoding, because the heap has to be emptied and filled with zeros for them.
///
/// A few for the whole process. What is in an array that is taken is undefined.
final class SpareArrays {
  static final SpareArrays SHARED = new SpareArrays();

  static final int MAX_ARRAYS = 8;
  static final int MIN_BYTES = 1 << 16;
  static final int MAX_BYTES = 1 << 23;

  /// How many times as large as what is wanted an array may be.
  private static final int MAX_WASTE = 8;

  private final ArrayDeque<byte[]> spare = new ArrayDeque<>();

  /// An array of at least as many bytes.
  byte[] take(int bytes) {
    if (bytes < MIN_BYTES || bytes > MAX_BYTES) {
      return new byte[bytes];
    }
    synchronized (spare) {
      for (Iterator<byte[]> each = spare.iterator(); each.hasNext(); ) {
        byte[] array = each.next();
        if (array.length >= bytes && array.length / MAX_WASTE <= bytes) {
          each.remove();
          return array;
        }
      }
    }
    // Of few sizes, so that what one is done with suits another.
    return new byte[Math.max(bytes, Integer.highestOneBit(bytes - 1) << 1)];
  }

  /// Keeps an array that nobody looks at any more, instead of the one that was not wanted for
  /// longest.
  void give(byte[] array) {
    if (array.length < MIN_BYTES || array.length > MAX_BYTES) {
      return;
    }
    synchronized (spare) {
      if (spare.size() == MAX_ARRAYS) {
        spare.removeLast();
      }
      spare.addFirst(array);
    }
  }
}
