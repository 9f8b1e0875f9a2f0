package io.sonidb.store;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntUnaryOperator;

/// A log as it was at one moment: later writes are not in it, and compaction takes nothing of it
/// away until it is closed. It holds no copy of anything. Safe for use by any number of threads.
public final class LogView implements AutoCloseable {
  private final List<Segment> segments;
  private final int[] counts;
  private final long asOf;
  private final AtomicReferenceArray<ById> orders;
  private final AtomicBoolean closed = new AtomicBoolean();

  /// A segment's records in the order of their ids, made when it is first asked for.
  private record ById(RecordTable table, int records, IntUnaryOperator order) {
    static ById of(RecordTable table, int count) {
      int records = table.isSorted() ? table.count() : count;
      return new ById(table, records, table.byId(records));
    }
  }

  private LogView(List<Segment> segments, long asOf) {
    this.segments = segments;
    this.asOf = asOf;
    this.orders = new AtomicReferenceArray<>(segments.size());
    this.counts = segments.stream().mapToInt(segment -> count(segment.table(), asOf)).toArray();
  }

  private static int count(RecordTable table, long asOf) {
    int count = table.count();
    return count == 0 || table.sequence(count - 1) <= asOf ? count : table.firstAtOrAfter(asOf + 1);
  }

  /// Pins segments, unless one of them was retired meanwhile.
  ///
  /// @param asOf the last sequence number that is in the view
  static Optional<LogView> of(List<Segment> segments, long asOf) {
    List<Segment> pinned = new ArrayList<>(segments.size());
    for (Segment segment : segments) {
      if (!segment.pin()) {
        pinned.forEach(Segment::unpin);
        return Optional.empty();
      }
      pinned.add(segment);
    }
    return Optional.of(new LogView(List.copyOf(pinned), asOf));
  }

  /// The last sequence number that is in it.
  public long asOf() {
    return asOf;
  }

  /// The segments in the order of their sequence numbers.
  public List<Segment> segments() {
    return segments;
  }

  /// How many of a segment's records are in it.
  ///
  /// @param index of the segment in [#segments]
  public int count(int index) {
    return counts[index];
  }

  /// The segment of a location that this view gave.
  public Segment segment(long location) {
    int number = Directory.segment(location);
    for (Segment segment : segments) {
      if (segment.number() == number) {
        return segment;
      }
    }
    throw new IllegalArgumentException("the view has no segment " + number);
  }

  /// Whether a record was needed at that moment.
  public boolean isLive(Segment segment, int ordinal) {
    return segment.liveness().isLive(ordinal, asOf);
  }

  /// Location of the record with a sequence number, or [Directory#NONE].
  public long locate(long sequence) {
    return locate(segments, sequence);
  }

  static long locate(List<Segment> segments, long sequence) {
    int low = 0;
    int high = segments.size();
    while (low < high) { // the first segment that begins behind the number
      int middle = (low + high) >>> 1;
      int holds = middle;
      // One whose file is lost may be empty: the next one tells.
      while (holds < high && segments.get(holds).table().count() == 0) {
        holds++;
      }
      if (holds < high && segments.get(holds).firstSequence() <= sequence) {
        low = holds + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? Directory.NONE : segments.get(low - 1).locate(sequence);
  }

  /// Location of the newest record of an id that counted at that moment, or [Directory#NONE]. It
  /// looks into one segment after the other: for the rare case that the directory knows only of a
  /// newer one.
  public long newestOf(VectorId id) {
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      ById ids = byId(i);
      int count = counts[i];
      // A payload whose vector was lost never counted.
      int ordinal =
          ids.table()
              .newestOf(id, ids.order(), ids.records(), any -> any < count && isLive(segment, any));
      if (ordinal >= 0) {
        return Directory.location(segment.number(), ordinal);
      }
    }
    return Directory.NONE;
  }

  private ById byId(int index) {
    ById made = orders.get(index);
    if (made == null) {
      made = ById.of(segments.get(index).table(), counts[index]);
      orders.set(index, made);
    }
    return made;
  }

  /// Lets go of the segments.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      segments.forEach(Segment::unpin);
    }
  }
}
