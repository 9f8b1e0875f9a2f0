package io.sonidb.store;

import io.sonidb.index.Directory;
import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Cleaner;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// One FLAC file of a collection, as readers see it: its records and their bytes.
///
/// The bytes are a few pieces that follow one another: for a sealed segment the mapped file, for
/// the open one mapped pieces and, last, the memory from which the newest bytes were written. A
/// reader takes one snapshot of the pieces and needs no lock.
///
/// Compaction retires a segment. Its mappings are released, and its files deleted, when the last
/// [LogView] that pins it is closed; a reader that holds no view gets a [SegmentRetiredException]
/// and looks its record up again. A segment that was never retired is released by the garbage
/// collector, when its log and all readers have gone.
public final class Segment {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int RETIRED = 1 << 31;

  private static final class Pieces {
    private final long[] starts;
    private final MemorySegment[] bytes;

    Pieces(long[] starts, MemorySegment[] bytes) {
      this.starts = starts;
      this.bytes = bytes;
    }
  }

  private final int number;
  private final String file;
  private final Arena arena = Arena.ofShared();
  // How many views pin it; the sign bit says that it is retired.
  private final AtomicInteger pins = new AtomicInteger();
  private volatile Runnable onRelease = () -> {};
  private volatile Liveness liveness = new Liveness();
  private volatile RecordTable table;
  private volatile Pieces pieces = new Pieces(new long[0], new MemorySegment[0]);
  private volatile int reuses; // how often memory of a piece was given away; one thread writes
  private volatile boolean sealed;
  private volatile boolean beingSealed;
  private volatile long end;

  Segment(int number, String file, RecordTable table) {
    this.number = number;
    this.file = file;
    this.table = table;
    Arena released = arena; // the action must not hold the segment
    CLEANER.register(
        this,
        () -> {
          if (released.scope().isAlive()) {
            released.close();
          }
        });
  }

  /// Whatever of its files is mapped is mapped in here.
  Arena arena() {
    return arena;
  }

  /// Keeps its files and mappings, unless it is retired already.
  ///
  /// @return whether it is pinned now
  public boolean pin() {
    int now = pins.get();
    while (now >= 0) {
      if (pins.compareAndSet(now, now + 1)) {
        return true;
      }
      now = pins.get();
    }
    return false;
  }

  /// Takes a [#pin] back.
  public void unpin() {
    if (pins.decrementAndGet() == RETIRED) {
      release();
    }
  }

  /// Lets go of mappings and files when the last pin is gone; nobody finds it any more.
  ///
  /// @param then deletes the files
  void retire(Runnable then) {
    onRelease = then;
    if (pins.getAndUpdate(now -> now | RETIRED) == 0) {
      release();
    }
  }

  private void release() {
    arena.close();
    onRelease.run();
  }

  /// A number that no other segment of the collection ever has.
  public int number() {
    return number;
  }

  /// Name of the file in the folder `segments`.
  public String file() {
    return file;
  }

  /// The records in it, in the order of their sequence numbers.
  public RecordTable table() {
    return table;
  }

  /// Sequence number of its first record; there must be one.
  ///
  /// @throws SegmentRetiredException if it was compacted, and is not pinned
  public long firstSequence() {
    try {
      return table.sequence(0);
    } catch (IllegalStateException released) {
      throw new SegmentRetiredException(number);
    }
  }

  void setTable(RecordTable table) {
    this.table = table;
  }

  /// Bytes of its records, needed or not.
  public long recordBytes() {
    return Math.max(0, end - SegmentFormat.HEAD_SIZE);
  }

  /// Which of the records are needed: the newest of their id, vectors that a newer payload belongs
  /// to, and deletes.
  public Liveness liveness() {
    return liveness;
  }

  /// Location of the record with a sequence number, or [Directory#NONE].
  ///
  /// @throws SegmentRetiredException if it was compacted, and is not pinned
  long locate(long sequence) {
    try {
      RecordTable records = table;
      int ordinal = records.firstAtOrAfter(sequence);
      return ordinal < records.count() && records.sequence(ordinal) == sequence
          ? Directory.location(number, ordinal)
          : Directory.NONE;
    } catch (IllegalStateException released) {
      throw new SegmentRetiredException(number);
    }
  }

  /// Whether compaction has replaced it.
  public boolean isRetired() {
    return pins.get() < 0;
  }

  /// Sets what a checkpoint, or nothing yet, says of its records; before anybody reads.
  public void restoreLiveness(Liveness restored) {
    liveness = restored;
  }

  /// Whether the file is complete and will not change any more.
  public boolean isSealed() {
    return sealed;
  }

  /// Whether the head may be on its way from that of an open segment to that of a complete one.
  boolean isBeingSealed() {
    return beingSealed;
  }

  void beginSealing() {
    beingSealed = true;
  }

  /// Bytes of the file that count: head, records, and damage between them.
  public long end() {
    return end;
  }

  void setEnd(long end) {
    this.end = end;
  }

  /// Whether there are any; not if the file was missing when the log was opened.
  boolean hasBytes() {
    MemorySegment[] bytes = pieces.bytes;
    return bytes.length > 0 && bytes[0].byteSize() > 0;
  }

  /// The whole file of a segment that is sealed and pinned; read-only, as long as it is pinned.
  /// Nothing if the file is missing.
  public MemorySegment bytes() {
    MemorySegment[] bytes = pieces.bytes;
    return bytes.length == 1 ? bytes[0] : MemorySegment.NULL;
  }

  /// Copies `length` bytes at `offset` of the file, of one record or of several that follow one
  /// another.
  ///
  /// Damage can move the bounds of a record: where the file has no bytes, zeros stand for them.
  ///
  /// @throws SegmentRetiredException if the segment is retired and not pinned
  public void copy(long offset, int length, byte[] into, int intoOffset) {
    try {
      int before;
      do {
        before = reuses;
        copy(pieces, offset, length, into, intoOffset);
        // All of the copy comes before the second look.
        VarHandle.acquireFence();
      } while (before != reuses);
    } catch (IllegalStateException released) {
      throw new SegmentRetiredException(number);
    }
  }

  private static void copy(Pieces now, long offset, int length, byte[] into, int intoOffset) {
    int piece = Arrays.binarySearch(now.starts, offset);
    piece = piece >= 0 ? piece : -piece - 2;
    int done = 0;
    for (; piece >= 0 && piece < now.starts.length && done < length; piece++) {
      long from = offset + done - now.starts[piece];
      MemorySegment bytes = now.bytes[piece];
      int size = Math.clamp(bytes.byteSize() - from, 0, length - done);
      if (size > 0) {
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, from, into, intoOffset + done, size);
      }
      done += size;
    }
    Arrays.fill(into, intoOffset + done, intoOffset + length, (byte) 0);
  }

  /// Replaces the newest piece, or adds one behind it when it starts later.
  void setPiece(long start, MemorySegment bytes) {
    Pieces now = pieces;
    int last = now.starts.length - 1;
    int at = last >= 0 && now.starts[last] == start ? last : last + 1;
    long[] starts = Arrays.copyOf(now.starts, at + 1);
    MemorySegment[] all = Arrays.copyOf(now.bytes, at + 1);
    starts[at] = start;
    all[at] = bytes;
    pieces = new Pieces(starts, all);
  }

  /// The memory of a piece that was replaced is about to be used again: what is being copied out of
  /// it is copied anew.
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  void noteReuse() {
    reuses++;
    // Nothing is written into the memory before everybody can see that.
    VarHandle.fullFence();
  }

  /// The file is complete: from now on its whole mapping and its `.idx` serve readers.
  void seal(MemorySegment wholeFile, RecordTable mapped) {
    pieces = new Pieces(new long[] {0}, new MemorySegment[] {wholeFile});
    table = mapped;
    sealed = true;
  }
}
