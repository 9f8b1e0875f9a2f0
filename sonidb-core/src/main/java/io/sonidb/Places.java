package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.List;

/// Where the vectors of a view are, by their sequence numbers. For one thread.
///
/// A key is the index of a segment in the view, and the ordinal of a record in it.
final class Places {
  static final long NONE = -1;

  private static final byte WHOLE = 1;
  private static final byte NOT_WHOLE = 2;

  private final CollectionView view;
  private final List<Segment> segments;
  private final List<RecordTable> tables = new ArrayList<>();
  private final long[] firsts; // of the segments that have records
  private final int[] indexes;
  private final int count;
  private final byte[] whole; // of each of them, whether every record may be found, once asked
  private int last;

  Places(CollectionView view) {
    this.view = view;
    LogView log = view.log();
    this.segments = log.segments();
    this.firsts = new long[segments.size()];
    this.indexes = new int[segments.size()];
    int filled = 0;
    for (int i = 0; i < segments.size(); i++) {
      tables.add(segments.get(i).table());
      if (log.count(i) > 0) {
        firsts[filled] = segments.get(i).firstSequence();
        indexes[filled] = i;
        filled++;
      }
    }
    this.count = filled;
    this.whole = new byte[filled];
  }

  /// As [#liveKey], of a vector that an index has; mostly without reading the record's entry, which
  /// lies anywhere. It believes what the index is of.
  long indexedKey(long sequence) {
    int index = segmentOf(sequence);
    if (index < 0 || !isWhole(last)) {
      return liveKey(sequence);
    }
    long ordinal = sequence - firsts[last];
    return ordinal < view.log().count(index) ? (long) index << 32 | ordinal : NONE;
  }

  private boolean isWhole(int place) {
    if (whole[place] == 0) {
      whole[place] = view.hasAllOf(indexes[place]) ? WHOLE : NOT_WHOLE;
    }
    return whole[place] == WHOLE;
  }

  /// The key of the vector with a sequence number if it is one of the view's, else [#NONE].
  long liveKey(long sequence) {
    int index = segmentOf(sequence);
    if (index < 0) {
      return NONE;
    }
    int ordinal = tables.get(index).ordinalOf(sequence);
    boolean isThere =
        ordinal >= 0
            && ordinal < view.log().count(index)
            && view.hasVector(segments.get(index), ordinal);
    return isThere ? (long) index << 32 | ordinal : NONE;
  }

  private int segmentOf(long sequence) {
    boolean isSame =
        last < count
            && firsts[last] <= sequence
            && (last + 1 == count || sequence < firsts[last + 1]);
    if (!isSame) {
      int low = 0;
      int high = count;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (firsts[middle] <= sequence) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      if (low == 0) {
        return -1;
      }
      last = low - 1;
    }
    return indexes[last];
  }

  /// Hands over, for each segment that may have some of a range of sequence numbers, the ordinals.
  ///
  /// @param to last sequence number of the range
  void forEachRange(long from, long to, RangeConsumer consumer) {
    for (int i = 0; i < count; i++) {
      boolean mayHave = firsts[i] <= to && (i + 1 == count || firsts[i + 1] > from);
      if (mayHave) {
        RecordTable table = tables.get(indexes[i]);
        int first = table.firstAtOrAfter(from);
        int end = Math.min(view.log().count(indexes[i]), table.firstAtOrAfter(to + 1));
        if (first < end) {
          consumer.accept(indexes[i], first, end);
        }
      }
    }
  }

  /// Takes a range of ordinals.
  @FunctionalInterface
  interface RangeConsumer {
    /// @param index of the segment in the view
    void accept(int index, int from, int to);
  }
}
