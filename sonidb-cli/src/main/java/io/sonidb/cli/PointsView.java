package io.sonidb.cli;

import io.sonidb.Point;
import io.sonidb.Scroll;
import io.sonidb.ValueCount;
import io.sonidb.client.Page;
import io.sonidb.filter.Filter;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The points of a collection: in a folder as they are at one moment, on a node as they are when
/// each is asked for.
sealed interface PointsView extends AutoCloseable permits LocalView, RemoteView {

  /// Number of the newest write that is there; empty on a node, which does not tell.
  OptionalLong sequence();

  long count(Filter filter);

  List<ValueCount> facet(String field, Filter filter, int limit);

  Page scroll(Scroll scroll);

  /// All points that fulfil a filter, or a share of all.
  Walk walk(Filter filter, Optional<Slice> slice);

  @Override
  void close();

  /// One point after the other.
  interface Walk extends Iterator<Point>, AutoCloseable {
    @Override
    void close();
  }
}
