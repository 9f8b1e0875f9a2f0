package io.sonidb.payload;

import io.sonidb.filter.FieldType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.InvalidRoaringFormat;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.buffer.ImmutableRoaringBitmap;

/// One field of a block: its keys in ascending order, each with the records that have it
/// ([FieldSection] has the layout).
final class FieldBlock {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt LITTLE_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// What the portable form of a bitmap without runs begins with; how many containers comes next.
  private static final int WITHOUT_RUNS = 12346;

  // Above so many postings, bits are set one by one.
  private static final int FEW = 16;

  private final FieldBits bits;
  private final int keySize;
  private final int count;
  private final MemorySegment keyOffsets;
  private final MemorySegment keys;
  private final MemorySegment postingOffsets;
  private final MemorySegment postings;

  private FieldBlock(Reader in, FieldType type, int from, int to)
      throws CorruptPayloadIndexException {
    keySize = in.header(0);
    count = in.header(4);
    if (keySize != FieldKey.size(type)) {
      throw new CorruptPayloadIndexException("a " + type + " has keys of " + keySize + " bytes");
    }
    List<RoaringBitmap> all = new ArrayList<>();
    for (int i = 0; i < FieldBits.COUNT; i++) {
      all.add(checked(bitmap(in.next(in.header(8 + 4 * i))), from, to));
    }
    bits = FieldBits.of(all);
    keyOffsets = in.next(keySize == 0 ? 4 * (count + 1L) : 0);
    keys = in.next(in.header(32));
    postingOffsets = in.next(4 * (count + 1L));
    postings = in.next(in.header(36));
    if (keySize == 0) {
      checkOffsets(keyOffsets, keys.byteSize());
    } else if (keys.byteSize() != (long) keySize * count) {
      throw new CorruptPayloadIndexException("a field has keys of another size");
    }
    checkOffsets(postingOffsets, postings.byteSize());
    for (int index = 0; index < count; index++) {
      checkPosting(index, from, to);
    }
  }

  private void checkPosting(int index, int from, int to) throws CorruptPayloadIndexException {
    long start = offset(index);
    long end = offset(index + 1);
    boolean fits;
    if (end - start > 4 * FieldSection.MOST_PLAIN) {
      fits = !checked(posting(index), from, to).isEmpty();
    } else {
      fits = start < end && (end - start) % 4 == 0;
      long before = from - 1L;
      for (long at = start; fits && at < end; at += 4) {
        int ordinal = postings.get(INT, at);
        fits = ordinal > before && ordinal < to;
        before = ordinal;
      }
    }
    if (!fits) {
      throw new CorruptPayloadIndexException("the records of key " + index + " are no records");
    }
  }

  private static void checkOffsets(MemorySegment offsets, long end)
      throws CorruptPayloadIndexException {
    long before = 0;
    for (long at = 0; at < offsets.byteSize(); at += 4) {
      long offset = offsets.get(INT, at);
      if (offset < before || offset > end) {
        throw new CorruptPayloadIndexException("a field has an offset of " + offset);
      }
      before = offset;
    }
  }

  /// Records that a block covers.
  static RoaringBitmap checked(RoaringBitmap records, int from, int to)
      throws CorruptPayloadIndexException {
    if (!records.validate()) {
      throw new CorruptPayloadIndexException("records are listed in a way that is none");
    }
    // A negative ordinal is the last.
    if (!records.isEmpty()
        && (records.first() < from || records.last() >= to || records.last() < 0)) {
      throw new CorruptPayloadIndexException(
          "it has records from " + records.first() + " to " + records.last());
    }
    return records;
  }

  private static final class Reader {
    private final MemorySegment section;
    private long at = FieldSection.HEADER_SIZE;

    Reader(MemorySegment section) {
      this.section = section;
    }

    int header(long offset) throws CorruptPayloadIndexException {
      int value = section.get(INT, offset);
      if (value < 0) {
        throw new CorruptPayloadIndexException("a field has a size of " + value);
      }
      return value;
    }

    MemorySegment next(long size) throws CorruptPayloadIndexException {
      if (size > section.byteSize() - at) {
        throw new CorruptPayloadIndexException("a field ends before its " + size + " bytes");
      }
      MemorySegment slice = section.asSlice(at, size);
      at += size;
      return slice;
    }
  }

  /// Reads a section and checks all that could lead astray whoever asks it.
  ///
  /// @param section must stay valid as long as the block is used
  /// @param from first ordinal that the block covers
  /// @param to ordinal behind the last one
  static FieldBlock open(MemorySegment section, FieldType type, int from, int to)
      throws CorruptPayloadIndexException {
    if (section.byteSize() < FieldSection.HEADER_SIZE) {
      throw new CorruptPayloadIndexException("a field has " + section.byteSize() + " bytes");
    }
    return new FieldBlock(new Reader(section), type, from, to);
  }

  FieldBits bits() {
    return bits;
  }

  int keySize() {
    return keySize;
  }

  /// Number of keys.
  int count() {
    return count;
  }

  FieldKey key(int index) {
    long start = keySize != 0 ? (long) keySize * index : keyOffsets.get(INT, 4L * index);
    long end = keySize != 0 ? start + keySize : keyOffsets.get(INT, 4L * index + 4);
    return new FieldKey(keys.asSlice(start, end - start).toArray(ValueLayout.JAVA_BYTE));
  }

  /// Index of the first key that fulfils a test which all later ones fulfil as well, or the number
  /// of keys.
  int first(Predicate<FieldKey> test) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (test.test(key(middle))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /// The records that have a key.
  RoaringBitmap having(FieldKey key) {
    int index = first(other -> other.compareTo(key) >= 0);
    return index < count && key(index).equals(key) ? posting(index) : new RoaringBitmap();
  }

  /// The records that have one of the keys from one index to before another.
  ///
  /// @param ordinals no record has one as high
  RoaringBitmap having(int from, int to, int ordinals) {
    if (to - from <= FEW) {
      RoaringBitmap all = new RoaringBitmap();
      for (int index = from; index < to; index++) {
        all.or(posting(index));
      }
      return all;
    }
    long[] words = new long[(ordinals + 63) >>> 6];
    long start = offset(from);
    long end = offset(to);
    if (end - start == 4L * (to - from)) { // one record each, side by side
      for (long at = start; at < end; at += 4) {
        set(words, postings.get(INT, at));
      }
      return BitSetUtil.bitmapOf(words);
    }
    for (int index = from; index < to; index++) {
      forEach(index, ordinal -> set(words, ordinal));
    }
    return BitSetUtil.bitmapOf(words);
  }

  private static void set(long[] words, int ordinal) {
    words[ordinal >>> 6] |= 1L << ordinal;
  }

  private long offset(int index) {
    return postingOffsets.get(INT, 4L * index);
  }

  /// How many records have a key.
  int size(int index) {
    long size = offset(index + 1) - offset(index);
    return size <= 4 * FieldSection.MOST_PLAIN ? (int) (size / 4) : posting(index).getCardinality();
  }

  void forEach(int index, org.roaringbitmap.IntConsumer consumer) {
    long start = offset(index);
    long end = offset(index + 1);
    if (end - start <= 4 * FieldSection.MOST_PLAIN) {
      for (long at = start; at < end; at += 4) {
        consumer.accept(postings.get(INT, at));
      }
    } else {
      immutable(start, end).forEach(consumer);
    }
  }

  RoaringBitmap posting(int index) {
    long start = offset(index);
    long end = offset(index + 1);
    if (end - start > 4 * FieldSection.MOST_PLAIN) {
      return immutable(start, end).toRoaringBitmap();
    }
    RoaringBitmap few = new RoaringBitmap();
    for (long at = start; at < end; at += 4) {
      few.add(postings.get(INT, at));
    }
    return few;
  }

  private ImmutableRoaringBitmap immutable(long start, long end) {
    return immutable(postings.asSlice(start, end - start));
  }

  static RoaringBitmap bitmap(MemorySegment bytes) {
    return immutable(bytes).toRoaringBitmap();
  }

  /// RoaringBitmap makes room for as many containers as are announced, so that is looked at first.
  private static ImmutableRoaringBitmap immutable(MemorySegment bytes) {
    if (bytes.get(LITTLE_INT, 0) == WITHOUT_RUNS && bytes.get(LITTLE_INT, 4) >>> 16 != 0) {
      throw new InvalidRoaringFormat("too many containers: " + bytes.get(LITTLE_INT, 4));
    }
    return new ImmutableRoaringBitmap(bytes.asByteBuffer());
  }

  // Merging ----------------------------------------------------------------------------------

  private static final class Cursor {
    private final FieldBlock block;
    private int index;
    private FieldKey key;

    Cursor(FieldBlock block) {
      this.block = block;
      this.key = block.key(0);
    }

    boolean advance() {
      if (++index == block.count) {
        return false;
      }
      key = block.key(index);
      return true;
    }
  }

  /// One field of several blocks as one.
  ///
  /// @param blocks in the order of their records
  static FieldSection merge(List<FieldBlock> blocks) {
    FieldSection section =
        new FieldSection(
            blocks.getFirst().keySize,
            FieldBits.union(blocks.stream().map(FieldBlock::bits).toList()));
    PriorityQueue<Cursor> cursors = new PriorityQueue<>((a, b) -> a.key.compareTo(b.key));
    blocks.stream().filter(block -> block.count > 0).map(Cursor::new).forEach(cursors::add);
    List<Cursor> same = new ArrayList<>();
    while (!cursors.isEmpty()) {
      same.clear();
      FieldKey key = cursors.element().key;
      while (!cursors.isEmpty() && cursors.element().key.equals(key)) {
        same.add(cursors.remove());
      }
      RoaringBitmap union = new RoaringBitmap();
      for (Cursor cursor : same) {
        cursor.block.forEach(cursor.index, union::add);
        if (cursor.advance()) {
          cursors.add(cursor);
        }
      }
      int[] ordinals = union.toArray();
      section.add(key.bytes(), ordinals, ordinals.length);
    }
    return section;
  }
}
