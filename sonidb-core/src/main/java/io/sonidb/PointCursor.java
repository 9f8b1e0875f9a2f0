package io.sonidb;

import java.util.Iterator;

/// Goes through the points of a collection as they were at one moment: later writes are not seen.
///
/// Its memory does not grow with the collection. As long as it is open, what it has yet to read is
/// kept on disk, compacted or not; so close it. Not thread-safe.
public sealed interface PointCursor extends Iterator<Point>, AutoCloseable
    permits IdOrderCursor, LogOrderCursor {
  /// @throws DamagedRecordException if the next point is not as it was written; the cursor is then
  ///   behind it
  @Override
  boolean hasNext();

  /// @throws java.util.NoSuchElementException behind the last point
  @Override
  Point next();

  /// Lets go of the collection's files.
  @Override
  void close();
}
