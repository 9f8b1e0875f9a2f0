package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import io.sonidb.payload.FieldScalars;
import io.sonidb.payload.PayloadBlock;
import io.sonidb.store.Segment;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/// Counts the values of a field: by its index, and of what that does not know by the payloads.
final class Facet {
  private static final Comparator<ValueCount> MOST_FIRST =
      Comparator.comparingLong(ValueCount::count)
          .reversed()
          .thenComparing(ValueCount::value, Facet::compare);

  private final CollectionView view;
  private final FieldPath field;
  private final Map<Scalar, Long> counts = new HashMap<>();

  Facet(CollectionView view, FieldPath field) {
    this.view = view;
    this.field = field;
  }

  List<ValueCount> count(Filter filter, int limit) {
    Query.check("limit", limit, 1, CollectionView.MAX_VALUES);
    List<RoaringBitmap> records = view.matching(filter).records();
    for (int i = 0; i < records.size(); i++) {
      count(i, records.get(i));
    }
    return counts.entrySet().stream()
        .map(each -> new ValueCount(each.getKey(), each.getValue()))
        .sorted(MOST_FIRST)
        .limit(limit)
        .toList();
  }

  private void count(int segmentIndex, RoaringBitmap records) {
    Segment segment = view.log().segments().get(segmentIndex);
    int count = view.log().count(segmentIndex);
    SegmentPayloads.Index index = view.engine().payloads().index(segment, count);
    RoaringBitmap left = records.clone();
    for (PayloadBlock block : index.blocks()) {
      RoaringBitmap unknown =
          FieldScalars.count(
              block, field, records, (value, points) -> counts.merge(value, points, Long::sum));
      left.remove(block.from(), (long) block.to());
      left.or(unknown);
    }
    for (PeekableIntIterator each = left.getIntIterator(); each.hasNext(); ) {
      // A payload that is damaged could be any: it is reported by whoever reads it.
      Payload payload = view.engine().payloadAt(segment, each.next());
      FieldScalars.of(payload.tree(), field).forEach(value -> counts.merge(value, 1L, Long::sum));
    }
  }

  /// Truths before numbers before strings.
  private static int compare(Scalar a, Scalar b) {
    return switch (a) {
      case Scalar.Truth(boolean x) ->
          b instanceof Scalar.Truth(boolean y) ? Boolean.compare(x, y) : -1;
      case Scalar.Whole(long x) ->
          b instanceof Scalar.Whole(long y)
              ? Long.compare(x, y)
              : b instanceof Scalar.Truth ? 1 : -1;
      case Scalar.Text(String x) -> b instanceof Scalar.Text(String y) ? x.compareTo(y) : 1;
    };
  }
}
