package io.sonidb.store;

import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// One FLAC file of a collection, as readers see it: its records and their bytes.
///
/// The bytes are a few pieces that follow one another: for a sealed segment the mapped file, for
/// the open one mapped pieces and, last, the memory from which the newest bytes were written. A
/// reader takes one snapshot of the pieces and needs no lock; a piece is released by the garbage
/// collector when its last reader has gone.
public final class Segment {
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
  private volatile Liveness liveness;
  private volatile RecordTable table;
  private volatile Pieces pieces = new Pieces(new long[0], new MemorySegment[0]);
  private volatile boolean sealed;
  private volatile boolean beingSealed;
  private volatile long end;

  Segment(int number, String file, RecordTable table, Liveness liveness) {
    this.number = number;
    this.file = file;
    this.table = table;
    this.liveness = liveness;
  }

  /// Its place in the order of writing.
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

  /// Which of the records are the newest of their id.
  public Liveness liveness() {
    return liveness;
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

  /// Copies `length` bytes at `offset` of the file, of one record or of several that follow one
  /// another.
  ///
  /// Damage can move the bounds of a record: where the file has no bytes, zeros stand for them.
  public void copy(long offset, int length, byte[] into, int intoOffset) {
    Pieces now = pieces;
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

  /// The file is complete: from now on its whole mapping and its `.idx` serve readers.
  void seal(MemorySegment wholeFile, RecordTable mapped) {
    pieces = new Pieces(new long[] {0}, new MemorySegment[] {wholeFile});
    table = mapped;
    sealed = true;
  }
}
