package io.sonidb.index;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.sonidb.sound.VectorId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongPredicate;

/// Finds the newest record of an id among all segments of a collection, at the same cost for one
/// segment and for a hundred.
///
/// An open-addressing hash table, 16 bytes a slot: the id's 64-bit fingerprint and the record's
/// location. It lies off the heap, so a vector costs no heap at all. It is split into shards that
/// grow on their own, so that doubling one stalls a writer for the time of one shard, not of the
/// whole table. Two ids may share a fingerprint; the id itself is compared at the location, through
/// [Ids].
///
/// One thread writes; any number read without a lock. A reader sees a slot's fingerprint only after
/// its location (release, acquire), and a grown shard only when it is complete. The last checkpoint
/// is mapped privately: the file is never written in place, so a crash cannot harm it, and pages
/// that nobody changed cost no memory.
public final class Directory {
  /// Location of an id that is not there.
  public static final long NONE = -1;

  static final int SHARDS = 64;
  private static final int SLOT_SIZE = 16;
  private static final int FIRST_CAPACITY = 16;
  // A slot whose id was deleted keeps its fingerprint, so that probes go on behind it.
  private static final long DELETED = -2;
  private static final long MAGIC = 0x536E444264697231L; // "SnDBdir1"
  private static final int HEADER_SIZE = 64;
  private static final VarHandle SLOT_WORD = JAVA_LONG.varHandle();
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// Tells whether the record at a location has an id.
  @FunctionalInterface
  public interface Ids {
    /// @param location as [Directory#location] makes it
    boolean matches(long location, VectorId id);
  }

  private record Shard(MemorySegment slots, int mask) {
    static Shard of(int capacity) {
      return new Shard(Arena.ofAuto().allocate((long) capacity * SLOT_SIZE, 8), capacity - 1);
    }

    long fingerprint(int slot) {
      return (long) SLOT_WORD.getAcquire(slots, (long) slot * SLOT_SIZE);
    }

    long location(int slot) {
      return (long) SLOT_WORD.getAcquire(slots, (long) slot * SLOT_SIZE + 8);
    }

    void set(int slot, long fingerprint, long location) {
      SLOT_WORD.setRelease(slots, (long) slot * SLOT_SIZE + 8, location);
      SLOT_WORD.setRelease(slots, (long) slot * SLOT_SIZE, fingerprint);
    }
  }

  private final Ids ids;
  private final AtomicReferenceArray<Shard> shards;
  private final int[] used = new int[SHARDS]; // slots taken, deleted ones included
  private final AtomicLong count = new AtomicLong();

  /// An empty directory.
  public Directory(Ids ids) {
    this.ids = ids;
    Shard[] empty = new Shard[SHARDS];
    Arrays.setAll(empty, i -> Shard.of(FIRST_CAPACITY));
    this.shards = new AtomicReferenceArray<>(empty);
  }

  /// Packs a segment's number and a record's ordinal in it.
  public static long location(int segment, int ordinal) {
    return (long) segment << 32 | ordinal;
  }

  /// The segment's number of a location.
  public static int segment(long location) {
    return (int) (location >>> 32);
  }

  /// The ordinal, in its segment, of a location.
  public static int ordinal(long location) {
    return (int) location;
  }

  /// Number of ids.
  public long count() {
    return count.get();
  }

  /// Bytes of memory or mapped file that the table takes.
  public long sizeBytes() {
    long size = 0;
    for (int i = 0; i < SHARDS; i++) {
      size += shards.get(i).slots().byteSize();
    }
    return size;
  }

  /// Location of an id's newest record, or [#NONE].
  public long find(VectorId id) {
    long fingerprint = fingerprint(id);
    Shard shard = shards.get(shard(fingerprint));
    for (int slot = slot(fingerprint, shard); ; slot = slot + 1 & shard.mask()) {
      long found = shard.fingerprint(slot);
      if (found == 0) {
        return NONE;
      }
      if (found == fingerprint) {
        long location = shard.location(slot);
        if (location != DELETED && ids.matches(location, id)) {
          return location;
        }
      }
    }
  }

  /// Sets the location of an id and returns the one it had, or [#NONE]. One thread at a time.
  public long put(VectorId id, long location) {
    long fingerprint = fingerprint(id);
    int shardIndex = shard(fingerprint);
    Shard shard = shards.get(shardIndex);
    if ((used[shardIndex] + 1) * 10L > (shard.mask() + 1) * 7L) {
      shard = grow(shardIndex);
    }
    int free = -1;
    for (int slot = slot(fingerprint, shard); ; slot = slot + 1 & shard.mask()) {
      long found = shard.fingerprint(slot);
      if (found == 0) {
        if (free < 0) {
          free = slot;
          used[shardIndex]++;
        }
        shard.set(free, fingerprint, location);
        count.incrementAndGet();
        return NONE;
      }
      if (found == fingerprint) {
        long old = shard.location(slot);
        if (old == DELETED) {
          free = free < 0 ? slot : free;
        } else if (ids.matches(old, id)) {
          shard.set(slot, fingerprint, location);
          return old;
        }
      }
    }
  }

  /// Sets the location of an id if it has the one given. One thread at a time.
  public void move(VectorId id, long from, long to) {
    long fingerprint = fingerprint(id);
    Shard shard = shards.get(shard(fingerprint));
    for (int slot = slot(fingerprint, shard); ; slot = slot + 1 & shard.mask()) {
      long found = shard.fingerprint(slot);
      if (found == 0) {
        return;
      }
      if (found == fingerprint && shard.location(slot) == from) {
        shard.set(slot, fingerprint, to);
        return;
      }
    }
  }

  /// Removes an id and returns the location it had, or [#NONE]. One thread at a time.
  public long remove(VectorId id) {
    long fingerprint = fingerprint(id);
    Shard shard = shards.get(shard(fingerprint));
    for (int slot = slot(fingerprint, shard); ; slot = slot + 1 & shard.mask()) {
      long found = shard.fingerprint(slot);
      if (found == 0) {
        return NONE;
      }
      if (found == fingerprint) {
        long old = shard.location(slot);
        if (old != DELETED && ids.matches(old, id)) {
          shard.set(slot, fingerprint, DELETED);
          count.decrementAndGet();
          return old;
        }
      }
    }
  }

  private Shard grow(int shardIndex) {
    Shard from = shards.get(shardIndex);
    int live = 0;
    for (int slot = 0; slot <= from.mask(); slot++) {
      live += from.fingerprint(slot) != 0 && from.location(slot) != DELETED ? 1 : 0;
    }
    Shard to = Shard.of(Integer.highestOneBit(Math.max(FIRST_CAPACITY, live * 2)) * 2);
    for (int slot = 0; slot <= from.mask(); slot++) {
      long fingerprint = from.fingerprint(slot);
      long location = from.location(slot);
      if (fingerprint != 0 && location != DELETED) {
        int free = slot(fingerprint, to);
        while (to.fingerprint(free) != 0) {
          free = free + 1 & to.mask();
        }
        to.set(free, fingerprint, location);
      }
    }
    used[shardIndex] = live;
    shards.set(shardIndex, to);
    return to;
  }

  // The fingerprint's top bits choose the shard, its low bits the slot; 0 means an empty slot.
  private static long fingerprint(VectorId id) {
    long fingerprint = id.fingerprint();
    return fingerprint == 0 ? 1 : fingerprint;
  }

  private static int shard(long fingerprint) {
    return (int) (fingerprint >>> 58);
  }

  private static int slot(long fingerprint, Shard shard) {
    return (int) fingerprint & shard.mask();
  }

  /// The bytes of a checkpoint: everything that records up to `sequence` say.
  ///
  /// ```
  ///  0  8 magic "SnDBdir1"     8 16 UUID of the collection    24 8 sequence number    32 8 ids
  /// 40  8 bytes of `liveness`  48 8 1 if little-endian  56 8 zero                     64 8*64 capacity and slots taken of each shard
  ///  .  slots, shard by shard: fingerprint, location (native byte order: the file is a cache of this machine)
  ///  .  liveness   .  4 CRC-32 of all before
  /// ```
  public MemorySegment checkpoint(UUID collection, long sequence, byte[] liveness) {
    long size = HEADER_SIZE + SHARDS * 8L + sizeBytes() + liveness.length + 4;
    MemorySegment file = Arena.ofAuto().allocate(size, 8);
    file.set(LONG, 0, MAGIC);
    file.set(LONG, 8, collection.getMostSignificantBits());
    file.set(LONG, 16, collection.getLeastSignificantBits());
    file.set(LONG, 24, sequence);
    file.set(LONG, 32, count.get());
    file.set(LONG, 40, liveness.length);
    // Reading the slots of a file that a machine of the other byte order wrote would find nothing.
    file.set(LONG, 48, ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 0);
    long at = HEADER_SIZE + SHARDS * 8L;
    for (int i = 0; i < SHARDS; i++) {
      Shard shard = shards.get(i);
      file.set(LONG, HEADER_SIZE + i * 8L, (long) (shard.mask() + 1) << 32 | used[i]);
      MemorySegment.copy(shard.slots(), 0, file, at, shard.slots().byteSize());
      at += shard.slots().byteSize();
    }
    MemorySegment.copy(MemorySegment.ofArray(liveness), 0, file, at, liveness.length);
    file.set(
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN),
        size - 4,
        SegmentIndex.crc32(file.asSlice(0, size - 4)));
    return file;
  }

  /// A checkpoint as read back.
  ///
  /// @param directory the table as it was
  /// @param sequence all records up to this number are in it
  /// @param liveness the bytes that were given to [Directory#checkpoint]
  public record Checkpoint(Directory directory, long sequence, ByteBuffer liveness) {}

  /// Opens a checkpoint.
  ///
  /// @param file mapped privately and writable: changes stay in memory
  /// @param isRecord whether there is a record at a location
  /// @throws CorruptIndexException if it is damaged, or of another collection or byte order
  public static Checkpoint open(
      MemorySegment file, UUID collection, Ids ids, LongPredicate isRecord)
      throws CorruptIndexException {
    long size = file.byteSize();
    if (size < HEADER_SIZE + SHARDS * 8L + 4
        || file.get(LONG, 0) != MAGIC
        || file.get(LONG, 8) != collection.getMostSignificantBits()
        || file.get(LONG, 16) != collection.getLeastSignificantBits()
        || file.get(LONG, 48) != (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 0)
        || file.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), size - 4)
            != SegmentIndex.crc32(file.asSlice(0, size - 4))) {
      throw new CorruptIndexException(
          "the directory checkpoint is damaged or of another collection");
    }
    Directory directory = new Directory(ids);
    long at = HEADER_SIZE + SHARDS * 8L;
    long live = 0;
    for (int i = 0; i < SHARDS; i++) {
      long shape = file.get(LONG, HEADER_SIZE + i * 8L);
      int capacity = (int) (shape >>> 32);
      long slotBytes = (long) capacity * SLOT_SIZE;
      if (capacity < FIRST_CAPACITY
          || Integer.bitCount(capacity) != 1
          || slotBytes > size - 4 - at) {
        throw new CorruptIndexException("the directory checkpoint has a shard of " + capacity);
      }
      Shard shard = new Shard(file.asSlice(at, slotBytes), capacity - 1);
      live += liveSlots(shard, (int) shape, isRecord);
      directory.shards.set(i, shard);
      directory.used[i] = (int) shape;
      at += slotBytes;
    }
    if (live != file.get(LONG, 32) || at + file.get(LONG, 40) != size - 4) {
      throw new CorruptIndexException("the directory checkpoint does not fit its own counts");
    }
    directory.count.set(live);
    byte[] liveness = file.asSlice(at, size - 4 - at).toArray(ValueLayout.JAVA_BYTE);
    return new Checkpoint(directory, file.get(LONG, 24), ByteBuffer.wrap(liveness));
  }

  /// Counts the ids of a shard, and makes sure that a search in it ends and leads to records.
  private static long liveSlots(Shard shard, int used, LongPredicate isRecord)
      throws CorruptIndexException {
    long live = 0;
    int taken = 0;
    for (int slot = 0; slot <= shard.mask(); slot++) {
      if (shard.fingerprint(slot) != 0) {
        taken++;
        long location = shard.location(slot);
        if (location != DELETED) {
          live++;
          if (!isRecord.test(location)) {
            throw new CorruptIndexException("the directory checkpoint leads to no record");
          }
        }
      }
    }
    if (taken != used || taken > shard.mask()) {
      throw new CorruptIndexException("a shard of the directory checkpoint is too full");
    }
    return live;
  }
}
