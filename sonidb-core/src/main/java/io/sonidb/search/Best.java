package io.sonidb.search;

/// The nodes that score best so far, a few of them.
///
/// A node and its score are one number, which is greater for a better score, and of equal ones for
/// the smaller node: so there is one order of all, and what is found does not depend on the way.
final class Best {
  private final int most;
  private final LongHeap heap;

  /// @param most how many are kept; 1 or more
  Best(int most) {
    this.most = most;
    this.heap = new LongHeap(most);
  }

  /// @param score not negative; what is no number counts as zero
  static long key(int node, float score) {
    int bits = score > 0 ? Float.floatToRawIntBits(score) : 0;
    return (long) bits << Integer.SIZE | Integer.toUnsignedLong(~node);
  }

  static int node(long key) {
    return ~(int) key;
  }

  static float score(long key) {
    return Float.intBitsToFloat((int) (key >>> Integer.SIZE));
  }

  /// Whether it would be kept.
  boolean wants(long key) {
    return heap.size() < most || key > heap.least();
  }

  /// Keeps it; only what is [wanted][#wants(long)].
  void keep(long key) {
    if (heap.size() < most) {
      heap.add(key);
    } else {
      heap.replaceLeast(key);
    }
  }

  /// What is kept, the worst first.
  long[] ascending() {
    return heap.sorted();
  }
}
