package io.sonidb;

import io.sonidb.store.LogView;
import java.util.NoSuchElementException;
import java.util.Optional;

/// Some of the points of a view in the order in which they were written, which is the order of the
/// files: the way to read fast, and to share the reading.
final class LogOrderCursor implements PointCursor {
  private final CollectionView view;
  private final long end;
  private long at;
  private int segment;
  private long segmentStart;
  private Optional<Point> next = Optional.empty();

  /// @param from position of the first record, counted over all segments of the view
  /// @param end position behind the last one
  LogOrderCursor(CollectionView view, long from, long end) {
    this.view = view;
    this.at = from;
    this.end = end;
  }

  @Override
  public boolean hasNext() {
    LogView log = view.log();
    while (next.isEmpty() && at < end) {
      while (at >= segmentStart + log.count(segment)) {
        segmentStart += log.count(segment++);
      }
      int ordinal = (int) (at++ - segmentStart);
      next = view.pointOfVector(segment, ordinal);
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

  @Override
  public void close() {
    at = end;
    next = Optional.empty();
  }
}
