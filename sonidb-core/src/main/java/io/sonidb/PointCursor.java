package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.IntUnaryOperator;

/// Goes through a collection's points in ascending order of their ids, as they were when it was
/// made.
///
/// It merges the sorted ids of the segments, so its memory does not grow with the collection. Later
/// writes are not seen: of an id's records the newest one counts that is no newer than the cursor.
/// Not thread-safe.
public final class PointCursor implements Iterator<Point>, AutoCloseable {
  /// Where one segment's ids are read.
  private static final class Run {
    private final Segment segment;
    private final RecordTable table;
    private final IntUnaryOperator order;
    private final int count;
    private int rank;
    private Optional<VectorId> id = Optional.empty();

    Run(Segment segment) {
      this.segment = segment;
      this.table = segment.table();
      this.count = table.count();
      this.order = table.byId(count);
    }

    /// Goes to the next id; false behind the last one, where records without id lie.
    boolean advance() {
      id = rank < count ? table.id(order.applyAsInt(rank++)) : Optional.empty();
      return id.isPresent();
    }

    VectorId id() {
      return id.orElseThrow();
    }

    int ordinal() {
      return order.applyAsInt(rank - 1);
    }
  }

  private final Engine engine;
  private final long asOf;
  private final PriorityQueue<Run> runs = new PriorityQueue<>((a, b) -> a.id().compareTo(b.id()));
  private Optional<Point> next = Optional.empty();

  PointCursor(Engine engine) {
    this.engine = engine;
    this.asOf = engine.log().lastSequence();
    for (Segment segment : engine.log().segments()) {
      Run run = new Run(segment);
      if (run.advance()) {
        runs.add(run);
      }
    }
  }

  /// @throws DamagedRecordException if the next point is not as it was written; the cursor is then
  ///   behind it
  @Override
  public boolean hasNext() {
    while (next.isEmpty() && !runs.isEmpty()) {
      VectorId id = runs.element().id();
      long newest = Directory.NONE;
      long newestSequence = 0;
      RecordKind kind = RecordKind.SKIP;
      List<Run> moved = new ArrayList<>();
      while (!runs.isEmpty() && runs.element().id().equals(id)) {
        Run run = runs.remove();
        do {
          int ordinal = run.ordinal();
          long sequence = run.table.sequence(ordinal);
          RecordKind found = run.table.kind(ordinal);
          if (sequence <= asOf && sequence > newestSequence && found != RecordKind.PAYLOAD) {
            newest = Directory.location(run.segment.number(), ordinal);
            newestSequence = sequence;
            kind = found;
          }
        } while (run.advance() && run.id().equals(id));
        if (run.id.isPresent()) {
          moved.add(run);
        }
      }
      runs.addAll(moved);
      if (kind == RecordKind.UPSERT) {
        next = Optional.of(engine.read(newest, id));
      }
    }
    return next.isPresent();
  }

  @Override
  public Point next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the cursor is behind the last point");
    }
    Point point = next.orElseThrow();
    next = Optional.empty();
    return point;
  }

  /// Lets go of the segments.
  @Override
  public void close() {
    runs.clear();
    next = Optional.empty();
  }
}
