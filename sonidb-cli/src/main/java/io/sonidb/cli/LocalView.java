package io.sonidb.cli;

import io.sonidb.CollectionView;
import io.sonidb.Point;
import io.sonidb.PointCursor;
import io.sonidb.Scroll;
import io.sonidb.ScrollPage;
import io.sonidb.ValueCount;
import io.sonidb.client.Page;
import io.sonidb.filter.Filter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A collection of an opened folder at one moment.
record LocalView(CollectionView view) implements PointsView {

  @Override
  public OptionalLong sequence() {
    return OptionalLong.of(view.sequence());
  }

  @Override
  public long count(Filter filter) {
    return view.count(filter);
  }

  @Override
  public List<ValueCount> facet(String field, Filter filter, int limit) {
    return view.facet(field, filter, limit);
  }

  @Override
  public Page scroll(Scroll scroll) {
    ScrollPage page = view.scroll(scroll);
    return new Page(page.points(), page.next());
  }

  @Override
  public Walk walk(Filter filter, Optional<Slice> slice) {
    PointCursor cursor =
        slice.isPresent()
            ? view.slice(slice.get().part(), slice.get().parts())
            : view.scroll(filter);
    return new Walk() {
      @Override
      public boolean hasNext() {
        return cursor.hasNext();
      }

      @Override
      public Point next() {
        return cursor.next();
      }

      @Override
      public void close() {
        cursor.close();
      }
    };
  }

  @Override
  public void close() {
    view.close();
  }
}
