package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.IntUnaryOperator;

/// The points of a view in ascending order of their ids: it merges the sorted ids of the segments.
final class IdOrderCursor implements PointCursor {
  /// Where one segment's ids are read.
  private static final class Run {
    private final Segment segment;
    private final RecordTable table;
    private final IntUnaryOperator order;
    private final int count;
    private int rank;
    private Optional<VectorId> id = Optional.empty();

    Run(Segment segment, int count) {
      this.segment = segment;
      this.table = segment.table();
      this.count = table.isSorted() ? table.count() : count;
      this.order = table.byId(this.count);
    }

    /// Goes to before the first id that is not below one.
    void seek(VectorId wanted) {
      int low = 0;
      int high = count;
      while (low < high) {
        int middle = (low + high) >>> 1;
        Optional<VectorId> there = table.id(order.applyAsInt(middle));
        if (there.isPresent() && there.get().compareTo(wanted) < 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      rank = low;
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

  /// The records of one id that count: its vector and, if that was changed since, its payload.
  private static final class Newest {
    private long vector = Directory.NONE;
    private long payload = Directory.NONE;

    void offer(Run run, int ordinal, LogView log) {
      // Of each kind at most one is live; a payload whose vector is lost is not.
      if (run.table.sequence(ordinal) > log.asOf() || !log.isLive(run.segment, ordinal)) {
        return;
      }
      long place = Directory.location(run.segment.number(), ordinal);
      if (run.table.kind(ordinal) == RecordKind.UPSERT) {
        vector = place;
      } else if (run.table.kind(ordinal) == RecordKind.PAYLOAD) {
        payload = place;
      }
    }
  }

  private final CollectionView view;
  private final Optional<Matching> matching;
  private final Map<Integer, Integer> places = new HashMap<>(); // of segments, by number
  private final Runnable onClose;
  private final PriorityQueue<Run> runs = new PriorityQueue<>((a, b) -> a.id().compareTo(b.id()));
  private Optional<Point> next = Optional.empty();

  /// @param matching the points that it goes through; empty for all
  /// @param from first id; empty for the first there is
  /// @param onClose is run when the cursor is closed
  IdOrderCursor(
      CollectionView view, Optional<Matching> matching, Optional<VectorId> from, Runnable onClose) {
    this.view = view;
    this.matching = matching;
    this.onClose = onClose;
    LogView log = view.log();
    for (int i = 0; i < log.segments().size(); i++) {
      places.put(log.segments().get(i).number(), i);
      Run run = new Run(log.segments().get(i), log.count(i));
      from.ifPresent(run::seek);
      if (run.advance()) {
        runs.add(run);
      }
    }
  }

  @Override
  public boolean hasNext() {
    while (next.isEmpty() && !runs.isEmpty()) {
      Newest newest = newest();
      if (newest.vector != Directory.NONE && isWanted(newest.vector)) {
        boolean changed = newest.payload != Directory.NONE;
        next = view.point(newest.vector, changed ? newest.payload : newest.vector);
      }
    }
    return next.isPresent();
  }

  private boolean isWanted(long vector) {
    Integer place = places.get(Directory.segment(vector));
    return matching.isEmpty()
        || place != null && matching.get().accepts(place, Directory.ordinal(vector));
  }

  private Newest newest() {
    Newest newest = new Newest();
    VectorId id = runs.element().id();
    List<Run> moved = new ArrayList<>();
    while (!runs.isEmpty() && runs.element().id().equals(id)) {
      Run run = runs.remove();
      do {
        newest.offer(run, run.ordinal(), view.log());
      } while (run.advance() && run.id().equals(id));
      if (run.id.isPresent()) {
        moved.add(run);
      }
    }
    runs.addAll(moved);
    return newest;
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

  @Override
  public void close() {
    runs.clear();
    next = Optional.empty();
    onClose.run();
  }
}
