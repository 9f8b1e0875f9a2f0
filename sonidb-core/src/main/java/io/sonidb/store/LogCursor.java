package io.sonidb.store;

import io.sonidb.index.RecordTable;
import java.util.List;

/// Walks the records of a log in the order of their sequence numbers, history first and then what
/// is written meanwhile. It holds one window of bytes, whatever the log's size. Not thread-safe.
public final class LogCursor {
  private static final int WINDOW = 1 << 18;

  private final SegmentLog log;
  private List<Segment> segments;
  private int at;
  private int ordinal;
  private final long from;
  private byte[] window = new byte[WINDOW];
  private long windowStart;
  private int windowSize;
  private int offset;
  private int length;

  /// A cursor in front of the first record whose sequence number is `from` or above.
  public LogCursor(SegmentLog log, long from) {
    this.log = log;
    this.from = from;
    this.segments = log.segments();
    seek();
  }

  private void seek() {
    for (; at < segments.size(); at++) {
      RecordTable table = segments.get(at).table();
      int count = table.count();
      if (count > 0 && table.sequence(count - 1) >= from) {
        ordinal = table.firstAtOrAfter(from) - 1;
        return;
      }
      if (laterWithRecords() >= segments.size()) {
        ordinal = count - 1;
        return;
      }
    }
    ordinal = -1;
  }

  /// Index of the next segment that holds records. The segment behind the one that is written to is
  /// made before it is needed, and stays empty for a long time.
  private int laterWithRecords() {
    int later = at + 1;
    while (later < segments.size() && segments.get(later).table().count() == 0) {
      later++;
    }
    return later;
  }

  /// Goes to the next record.
  ///
  /// @return whether there is one; later there may be
  public boolean next() {
    long last = log.lastSequence(); // read first: what it counts is in the tables
    while (true) {
      if (at < segments.size()) {
        RecordTable table = segments.get(at).table();
        while (ordinal + 1 < table.count() && table.sequence(ordinal + 1) <= last) {
          ordinal++;
          if (table.sequence(ordinal) >= from) {
            load(segments.get(at));
            return true;
          }
        }
        if (ordinal + 1 < table.count()) {
          return false;
        }
      }
      boolean unopened = at >= segments.size();
      segments = log.segments();
      int later = unopened ? at : laterWithRecords();
      if (later >= segments.size()
          || segments.get(later).table().count() > 0
              && segments.get(later).table().sequence(0) > last
          || unopened && segments.get(later).table().count() == 0) {
        return false;
      }
      at = later;
      ordinal = -1;
      windowSize = 0;
    }
  }

  private void load(Segment segment) {
    RecordTable table = segment.table();
    long start = table.offset(ordinal);
    length = Math.clamp(table.length(ordinal), 0, Recovery.MAX_RECORD_BYTES);
    if (start < windowStart || start + length > windowStart + windowSize) {
      // As many whole records as fit: what lies behind them may still be being written.
      int end = ordinal;
      while (end + 1 < table.count()
          && table.offset(end + 1) + table.length(end + 1) - start <= WINDOW) {
        end++;
      }
      long size =
          Math.clamp(
              table.offset(end) + table.length(end) - start, length, Math.max(WINDOW, length));
      if (size > window.length) {
        window = new byte[(int) size];
      }
      segment.copy(start, (int) size, window, 0);
      windowStart = start;
      windowSize = (int) size;
    }
    offset = (int) (start - windowStart);
  }

  /// The segment of the record.
  public Segment segment() {
    return segments.get(at);
  }

  /// The record's ordinal in its segment.
  public int ordinal() {
    return ordinal;
  }

  /// Bytes that hold the record's frames; valid until the next call of [#next].
  public byte[] bytes() {
    return window;
  }

  /// Where in [#bytes] the record starts.
  public int offset() {
    return offset;
  }

  /// Bytes of the record.
  public int length() {
    return length;
  }
}
