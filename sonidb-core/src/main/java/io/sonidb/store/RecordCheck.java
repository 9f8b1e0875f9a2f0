package io.sonidb.store;

import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.SoundFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Decodes every record of a segment, several at a time, and compares it with the segment's index.
/// Unlike [Listening] it leaves the samples where they are, so it digests none: for segments whose
/// bytes something else vouches for.
final class RecordCheck {
  private static final int WINDOW = 1 << 17;
  private static final int TOGETHER = 64; // a multiple of the lanes that a decoder may have

  private final MemorySegment file;
  private final RecordTable table;
  private final int count;
  private final RecordDecoder decoder;
  private final int[] offsets = new int[TOGETHER];
  private final int[] limits = new int[TOGETHER];
  private final List<Sealer.Damaged> damaged = new ArrayList<>();
  private byte[] window = new byte[WINDOW];

  private RecordCheck(MemorySegment file, RecordTable table, SoundFormat format) {
    this.file = file;
    this.table = table;
    this.count = table.count();
    this.decoder = new RecordDecoder(format);
  }

  /// @param file the segment's bytes, which may be fewer than its index says
  /// @return the records that are not as they were written
  static List<Sealer.Damaged> damaged(MemorySegment file, RecordTable table, SoundFormat format) {
    RecordCheck check = new RecordCheck(file, table, format);
    for (int ordinal = 0; ordinal < check.count; ) {
      ordinal += check.next(ordinal);
    }
    return check.damaged;
  }

  /// Checks a record and as many behind it as are to be had at once.
  ///
  /// @return how many
  private int next(int first) {
    long from = table.offset(first);
    long end = from;
    int together = 0;
    while (together < TOGETHER && first + together < count) {
      long offset = table.offset(first + together);
      int length = table.length(first + together);
      boolean isThere =
          length > 0
              && length <= Recovery.MAX_RECORD_BYTES
              && offset >= 0
              && offset <= file.byteSize() - length;
      boolean fits = offset >= end && offset + length - from <= WINDOW;
      if (!isThere || together > 0 && !fits) {
        break;
      }
      offsets[together] = (int) (offset - from);
      limits[together] = offsets[together] + length;
      end = offset + length;
      together++;
    }
    if (together == 0) {
      damaged.add(new Sealer.Damaged(first, "the file ends before the record"));
      return 1;
    }
    load(from, (int) (end - from));
    decoder.prepare(window, offsets, limits, together);
    for (int i = 0; i < together; i++) {
      check(first + i, i);
    }
    return together;
  }

  private void load(long from, int size) {
    if (size > window.length) {
      window = new byte[size];
    }
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, from, window, 0, size);
  }

  private void check(int ordinal, int index) {
    try {
      String wrong = Sealer.mismatch(decoder, table, ordinal, decoder.readPrepared(index));
      if (!wrong.isEmpty()) {
        damaged.add(new Sealer.Damaged(ordinal, wrong));
      }
    } catch (IOException e) {
      damaged.add(new Sealer.Damaged(ordinal, String.valueOf(e.getMessage())));
    }
  }
}
