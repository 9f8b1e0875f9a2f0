package io.sonidb.cli;

import io.sonidb.Point;
import io.sonidb.Scroll;
import io.sonidb.ValueCount;
import io.sonidb.client.Page;
import io.sonidb.client.RemoteCollection;
import io.sonidb.filter.Filter;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A collection of a node, which keeps no moment for anybody: each call sees what is there then.
record RemoteView(RemoteCollection collection) implements PointsView {

  @Override
  public OptionalLong sequence() {
    return OptionalLong.empty();
  }

  @Override
  public long count(Filter filter) {
    return collection.count(filter);
  }

  @Override
  public List<ValueCount> facet(String field, Filter filter, int limit) {
    return collection.facet(field, filter, limit);
  }

  @Override
  public Page scroll(Scroll scroll) {
    return collection.scroll(scroll);
  }

  @Override
  public Walk walk(Filter filter, Optional<Slice> slice) {
    if (slice.isPresent()) {
      throw new IllegalArgumentException("a node gives no slices");
    }
    Iterator<Point> points = collection.points(filter);
    return new Walk() {
      @Override
      public boolean hasNext() {
        return points.hasNext();
      }

      @Override
      public Point next() {
        return points.next();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}
}
