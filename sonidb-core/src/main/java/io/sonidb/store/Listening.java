package io.sonidb.store;

import io.sonidb.flac.PcmMd5;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.SoundFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Decodes every record of a segment, one after the other.
///
/// Several segments are best heard in turns, a record of each: then the digests of their samples
/// are computed side by side.
final class Listening {
  private static final int WINDOW = 1 << 17;

  private final MemorySegment file;
  private final RecordTable table;
  private final long end;
  private final int count;
  private final Sealer.Hearing hearing;
  private final RecordDecoder decoder;
  private byte[] window;
  private long windowStart;
  private int windowSize;
  private int ordinal;

  private Listening(Source source, SoundFormat format, PcmMd5 md5) {
    file = source.file();
    table = source.table();
    end = source.end();
    count = table.count();
    hearing = new Sealer.Hearing(format, md5);
    decoder = new RecordDecoder(format);
    window = new byte[(int) Math.min(WINDOW, file.byteSize())];
  }

  /// A segment to be heard.
  ///
  /// @param file its bytes, which may be fewer than `end`
  /// @param table its records; those that lie behind `end` are left out
  /// @param end where the last record ends
  record Source(MemorySegment file, RecordTable table, long end) {}

  /// Hears segments of one format.
  ///
  /// @return what each of them tells
  static List<Sealer.Audio> hear(List<Source> sources, SoundFormat format) {
    List<PcmMd5> digests = PcmMd5.together(format.audio(), sources.size());
    List<Listening> all = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      all.add(new Listening(sources.get(i), format, digests.get(i)));
    }
    List<Listening> unfinished = new ArrayList<>(all);
    while (!unfinished.isEmpty()) {
      unfinished.removeIf(listening -> !listening.next());
    }
    return all.stream().map(each -> each.hearing.audio(each.table, each.end)).toList();
  }

  /// Hears the next record.
  ///
  /// @return false if there is none
  private boolean next() {
    if (ordinal >= count || table.offset(ordinal) >= end) {
      return false;
    }
    long offset = table.offset(ordinal);
    int length = table.length(ordinal);
    if (length <= 0 || length > Recovery.MAX_RECORD_BYTES || offset + length > file.byteSize()) {
      hearing.damaged(ordinal, "the file ends before the record");
    } else {
      hear((int) (offset - load(offset, length)), length);
    }
    ordinal++;
    return true;
  }

  /// Makes sure that a record is in the window; returns where the window starts.
  private long load(long offset, int length) {
    if (offset < windowStart || offset + length > windowStart + windowSize) {
      windowStart = offset;
      windowSize = (int) Math.min(Math.max(WINDOW, length), file.byteSize() - offset);
      if (windowSize > window.length) {
        window = new byte[windowSize];
      }
      MemorySegment.copy(file, ValueLayout.JAVA_BYTE, offset, window, 0, windowSize);
    }
    return windowStart;
  }

  private void hear(int at, int length) {
    try {
      int read = decoder.read(window, at, at + length, hearing);
      String wrong = Sealer.mismatch(decoder, table, ordinal, read);
      if (wrong.isEmpty()) {
        hearing.heard(decoder, ordinal);
      } else {
        hearing.damaged(ordinal, wrong);
      }
    } catch (IOException e) {
      hearing.damaged(ordinal, String.valueOf(e.getMessage()));
    }
  }
}
