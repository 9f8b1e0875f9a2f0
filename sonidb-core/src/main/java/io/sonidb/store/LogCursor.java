package io.sonidb.store;

import io.sonidb.index.RecordTable;
import java.util.List;
import java.util.Optional;

/// Walks the records of a log in the order of their sequence numbers, history first and then what
/// is written meanwhile. It holds the bytes of one record, whatever the log's size, and keeps one
/// segment from being deleted, as long as there is more to read. Not thread-safe.
public final class LogCursor implements AutoCloseable {
  private static final byte[] NOTHING = {};
  private static final int LEAST_BYTES = 1 << 12;

  private final SegmentLog log;
  private Optional<Segment> pinned = Optional.empty();
  private long nextSequence;
  private int ordinal;
  private byte[] bytes = NOTHING;
  private int length;

  /// A cursor in front of the first record whose sequence number is `from` or above.
  public LogCursor(SegmentLog log, long from) {
    this.log = log;
    this.nextSequence = from;
  }

  /// Goes to the next record.
  ///
  /// @return whether there is one; later there may be
  public boolean next() {
    long last = log.lastSequence(); // read first: what it counts is in the tables
    if (nextSequence > last) {
      close(); // who waits here keeps nothing
      bytes = NOTHING;
      return false;
    }
    if (pinned.isPresent()
        && ordinal + 1 < pinned.get().table().count()
        && pinned.get().table().sequence(ordinal + 1) <= last) {
      ordinal++;
      load();
      return true;
    }
    return seek(last);
  }

  /// Goes to the record in whichever segment it is by now.
  private boolean seek(long last) {
    close();
    while (true) {
      List<Segment> segments = log.segments();
      int at = 0;
      while (at < segments.size() && segments.get(at).pin()) {
        pinned = Optional.of(segments.get(at++));
        if (hasNext()) {
          return enter(last);
        }
        close();
      }
      if (at == segments.size()) {
        return false;
      }
      // One was compacted since: its records are in another one by now, and not behind it.
    }
  }

  private boolean hasNext() {
    RecordTable table = segment().table();
    int count = table.count();
    return count > 0 && table.sequence(count - 1) >= nextSequence;
  }

  private boolean enter(long last) {
    RecordTable table = segment().table();
    ordinal = table.firstAtOrAfter(nextSequence);
    if (table.sequence(ordinal) > last) {
      close();
      return false;
    }
    load();
    return true;
  }

  private void load() {
    RecordTable table = segment().table();
    length = Math.clamp(table.length(ordinal), 0, Recovery.MAX_RECORD_BYTES);
    if (length > bytes.length) {
      bytes = new byte[Math.max(LEAST_BYTES, Math.max(length, bytes.length * 2))];
    }
    segment().copy(table.offset(ordinal), length, bytes, 0);
    nextSequence = table.sequence(ordinal) + 1;
  }

  /// The first sequence number that was not met yet.
  public long nextSequence() {
    return nextSequence;
  }

  /// The segment of the record.
  public Segment segment() {
    return pinned.orElseThrow();
  }

  /// The record's ordinal in its segment.
  public int ordinal() {
    return ordinal;
  }

  /// The record's frames, from the first byte on; valid until the next call of [#next].
  public byte[] bytes() {
    return bytes;
  }

  /// Bytes of the record.
  public int length() {
    return length;
  }

  /// Lets go of the segment; the next call of [#next] goes on where the last one ended.
  @Override
  public void close() {
    pinned.ifPresent(Segment::unpin);
    pinned = Optional.empty();
  }
}
