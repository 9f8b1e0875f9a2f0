package io.sonidb.store;

import io.sonidb.index.RecordTable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Appends to the open segment; used by the appender's thread alone.
///
/// A group of batches is placed in memory, written with one call, synced, and only then published
/// to readers, who read the newest bytes from that same memory. When it has grown to [#PIECE_SIZE],
/// a mapping of the file takes its place, and the memory is used again.
final class SegmentWriter {
  private static final int FIRST_CAPACITY = 1 << 16;
  private static final int PIECE_SIZE = 1 << 22;

  private final Segment segment;
  private final Storage.File file;
  private final RecordTable table;
  private final List<EncodedBatch> placed = new ArrayList<>();
  private byte[] tail = new byte[FIRST_CAPACITY];
  private long tailStart;
  private int tailUsed;
  private int tailWritten;
  private long nextSample;
  private int lastPiece; // size of the piece before this: likely that of this, when it grows
  private int placedInTail;
  private long placedFromSample;
  private boolean synced = true;

  /// @param end byte position at which appending goes on
  /// @param nextSample time position of the next frame
  SegmentWriter(Segment segment, Storage.File file, long end, long nextSample) {
    this.segment = segment;
    this.file = file;
    this.table = segment.table();
    this.tailStart = end;
    this.nextSample = nextSample;
    this.placedFromSample = nextSample;
  }

  Segment segment() {
    return segment;
  }

  Storage.File file() {
    return file;
  }

  /// Bytes of the file once everything placed is written.
  long end() {
    return tailStart + tailUsed;
  }

  /// Samples of everything placed.
  long samples() {
    return nextSample;
  }

  /// Whether no record is in it yet.
  boolean isEmpty() {
    return table.count() == 0 && placed.isEmpty();
  }

  /// Gives a batch its place behind everything before it.
  void place(EncodedBatch batch) {
    long bound = tailUsed + batch.placedSizeBound();
    if (bound > tail.length) {
      long grown = Math.max(bound, tail.length * 2L);
      byte[] larger = SpareArrays.SHARED.take(Math.toIntExact(Math.max(grown, lastPiece)));
      System.arraycopy(tail, 0, larger, 0, tailUsed);
      tail = larger; // readers may have the old one
    }
    tailUsed += batch.place(nextSample, tail, tailUsed);
    for (int i = 0; i < batch.records(); i++) {
      nextSample += batch.recordSamples(i);
    }
    placed.add(batch);
  }

  /// Writes everything placed since the last time.
  void write() throws IOException {
    synced = false;
    file.write(tailStart + tailWritten, ByteBuffer.wrap(tail, tailWritten, tailUsed - tailWritten));
    tailWritten = tailUsed;
  }

  /// Makes everything written survive a power loss.
  void sync() throws IOException {
    if (!synced) {
      file.sync();
      synced = true;
    }
  }

  /// Takes back what was placed but could not be written: the file is as before the group, and no
  /// power loss brings any of it back.
  void rollBack() throws IOException {
    tailUsed = placedInTail;
    tailWritten = placedInTail;
    nextSample = placedFromSample;
    placed.clear();
    synced = false;
    file.truncate(tailStart + tailUsed);
    sync();
  }

  /// Shows the readers everything written.
  ///
  /// @return the ordinal of the first record that is new to them
  int publish() throws IOException {
    int first = table.count();
    segment.setPiece(tailStart, MemorySegment.ofArray(tail).asSlice(0, tailUsed));
    long offset = tailStart + placedInTail;
    long sample = placedFromSample;
    for (EncodedBatch batch : placed) {
      for (int i = 0; i < batch.records(); i++) {
        table.add(
            batch.kind(i),
            batch.id(i),
            batch.sequence(i),
            batch.hash(i),
            offset,
            batch.recordLength(i),
            sample,
            batch.recordSamples(i),
            batch.detail(i));
        offset += batch.recordLength(i);
        sample += batch.recordSamples(i);
      }
    }
    placed.clear();
    segment.setEnd(end());
    if (tailUsed >= PIECE_SIZE) {
      segment.setPiece(tailStart, file.map(tailStart, tailUsed, segment.arena()));
      segment.noteReuse();
      SpareArrays.SHARED.give(tail);
      lastPiece = tailUsed;
      tailStart += tailUsed;
      tailUsed = 0;
      tailWritten = 0;
      tail = new byte[FIRST_CAPACITY];
    }
    placedInTail = tailUsed;
    placedFromSample = nextSample;
    return first;
  }
}
