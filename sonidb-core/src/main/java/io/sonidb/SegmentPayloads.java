package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.payload.CorruptPayloadIndexException;
import io.sonidb.payload.IndexedField;
import io.sonidb.payload.PayloadBlock;
import io.sonidb.sound.RecordKind;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.roaringbitmap.RoaringBitmap;

/// What is known of the payloads of one segment: which of its records have one, and an index of
/// them. It grows with the segment: blocks of new records are added behind, and small neighbours
/// are merged, so each record is indexed a few times only. Once the segment is sealed, one block in
/// a file takes their place.
///
/// Derived from the records alone, so it does not matter what is live.
final class SegmentPayloads {
  /// Which records are which.
  ///
  /// @param vectors upserts, which may carry a payload
  /// @param payloads changed payloads
  /// @param expire whether any of the vectors ever does
  /// @param count records that were looked at
  record Kinds(RoaringBitmap vectors, RoaringBitmap payloads, boolean expire, int count) {}

  /// The index as far as it goes.
  ///
  /// @param blocks one behind the other
  /// @param to ordinal behind the last record that is in them
  /// @param isSaved whether it is what the file holds
  record Index(List<PayloadBlock> blocks, int to, boolean isSaved) {}

  private static final Index EMPTY = new Index(List.of(), 0, false);

  private final Engine engine;
  private final Segment segment;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile Kinds kinds = new Kinds(new RoaringBitmap(), new RoaringBitmap(), false, 0);
  private volatile Index index = EMPTY;
  private SortedSet<IndexedField> fields = new TreeSet<>(); // guarded by lock
  private boolean triedFile; // guarded by lock

  SegmentPayloads(Engine engine, Segment segment) {
    this.engine = engine;
    this.segment = segment;
  }

  Segment segment() {
    return segment;
  }

  /// Which records are which, of the first `count` at least.
  Kinds kinds(int count) {
    Kinds known = kinds;
    if (known.count() >= count) {
      return known;
    }
    RoaringBitmap vectors = known.vectors().clone();
    RoaringBitmap payloads = known.payloads().clone();
    boolean expire = known.expire();
    RecordTable table = segment.table();
    for (int ordinal = known.count(); ordinal < count; ordinal++) {
      RecordKind kind = table.kind(ordinal);
      if (kind == RecordKind.UPSERT) {
        vectors.add(ordinal);
        expire |= table.expiresAtMillis(ordinal) > 0;
      } else if (kind == RecordKind.PAYLOAD) {
        payloads.add(ordinal);
      }
    }
    vectors.runOptimize();
    Kinds more = new Kinds(vectors, payloads, expire, count);
    kinds = more; // another thread may have come to the same
    return more;
  }

  /// Bytes of the index, in memory and on disk.
  long size() {
    return index.blocks().stream().mapToLong(PayloadBlock::size).sum();
  }

  /// The index, of the first `count` records but the last `slack` at least. The segment is pinned.
  ///
  /// @param wanted the fields that are to be in it
  Index upTo(int count, int slack, SortedSet<IndexedField> wanted) {
    Index known = index;
    if (known.to() >= count - slack && knows(known, wanted)) {
      return known;
    }
    lock.lock();
    try {
      take(wanted);
      while (index.to() < count - slack) {
        append(Math.min(count, index.to() + PayloadBlock.RECORDS));
      }
      return index;
    } finally {
      lock.unlock();
    }
  }

  private static boolean knows(Index known, SortedSet<IndexedField> wanted) {
    return !known.blocks().isEmpty() && known.blocks().getFirst().fields().equals(wanted);
  }

  private void take(SortedSet<IndexedField> wanted) {
    if (!fields.equals(wanted)) {
      fields = new TreeSet<>(wanted);
      index = EMPTY;
      triedFile = false;
    }
    if (!triedFile && segment.isSealed() && !fields.isEmpty()) {
      triedFile = true;
      if (!index.isSaved()) {
        openFile().ifPresent(block -> index = new Index(List.of(block), block.to(), true));
      }
    }
  }

  private Optional<PayloadBlock> openFile() {
    try {
      Optional<MemorySegment> file = engine.log().payloadIndex(segment);
      if (file.isEmpty()) {
        return Optional.empty();
      }
      int count = segment.table().count();
      PayloadBlock block = PayloadBlock.open(file.get(), origin(count), "payload index");
      return block.from() == 0 && block.to() == count && block.fields().equals(fields)
          ? Optional.of(block)
          : Optional.empty();
    } catch (CorruptPayloadIndexException e) {
      engine.note("segments/" + segment.file() + ": " + e.getMessage() + ": rebuilt");
      return Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // it is made again
    }
  }

  private PayloadBlock.Origin origin(int to) {
    UUID uuid = engine.log().header().uuid();
    return new PayloadBlock.Origin(
        uuid, segment.number(), to == 0 ? 0 : segment.table().hash(to - 1));
  }

  private void append(int to) {
    List<PayloadBlock> blocks = new ArrayList<>(index.blocks());
    blocks.add(read(index.to(), to));
    while (blocks.size() > 1 && isWorthMerging(blocks)) {
      List<PayloadBlock> last = blocks.subList(blocks.size() - 2, blocks.size());
      PayloadBlock merged = PayloadBlock.merge(origin(to), last);
      last.clear();
      blocks.add(merged);
    }
    index = new Index(List.copyOf(blocks), to, false);
  }

  private static boolean isWorthMerging(List<PayloadBlock> blocks) {
    PayloadBlock last = blocks.getLast();
    PayloadBlock before = blocks.get(blocks.size() - 2);
    return before.to() - before.from() <= 2 * (last.to() - last.from());
  }

  private PayloadBlock read(int from, int to) {
    PayloadBlock.Builder builder = new PayloadBlock.Builder(fields);
    RecordTable table = segment.table();
    for (int ordinal = from; ordinal < to && !fields.isEmpty(); ordinal++) {
      RecordKind kind = table.kind(ordinal);
      if (kind == RecordKind.UPSERT || kind == RecordKind.PAYLOAD) {
        try {
          builder.add(ordinal, engine.payloadAt(segment, ordinal).tree());
        } catch (DamagedRecordException e) {
          builder.addUnreadable(ordinal);
        }
      }
    }
    return builder.build(origin(to), from, to);
  }

  /// Whether there is anything to be done for a file.
  boolean isUnsaved() {
    return segment.isSealed() && !index.isSaved();
  }

  /// What is wrong with the file of a sealed segment, which is pinned; nothing if it is sound, or
  /// not written yet.
  Optional<String> damage() throws IOException {
    Index now = index;
    if (!now.isSaved()) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      Optional<MemorySegment> file = engine.log().payloadIndex(segment, arena);
      if (file.isEmpty()) {
        return Optional.of("is missing");
      }
      PayloadBlock.open(file.get(), origin(segment.table().count()), "payload index");
      return Optional.empty();
    } catch (CorruptPayloadIndexException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /// Brings the index of a sealed segment, which is pinned, into its file.
  @SuppressWarnings("ReferenceEquality") // that very index: another may have taken its place
  void save(SortedSet<IndexedField> wanted) throws IOException {
    int count = segment.table().count();
    Index whole = upTo(count, 0, wanted);
    if (whole.isSaved() || whole.to() != count) {
      return;
    }
    PayloadBlock one =
        whole.blocks().size() == 1
            ? whole.blocks().getFirst()
            : PayloadBlock.merge(origin(count), whole.blocks());
    engine.log().replacePayloadIndex(segment, one.bytes());
    Optional<MemorySegment> file = engine.log().payloadIndex(segment);
    lock.lock();
    try {
      if (file.isPresent() && index == whole) {
        PayloadBlock mapped = PayloadBlock.open(file.get(), origin(count), "payload index");
        index = new Index(List.of(mapped), count, true);
      }
    } finally {
      lock.unlock();
    }
  }
}
