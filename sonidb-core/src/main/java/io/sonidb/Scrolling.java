package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.TimeText;
import io.sonidb.payload.FieldOrder;
import io.sonidb.payload.FieldValues;
import io.sonidb.payload.PayloadBlock;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;
import tools.jackson.databind.JsonNode;

/// Gathers a page of points.
final class Scrolling {
  private final CollectionView view;
  private final Scroll scroll;

  private record Placed(OrderKey order, VectorId id, long key) {}

  Scrolling(CollectionView view, Scroll scroll) {
    this.view = view;
    this.scroll = scroll;
  }

  ScrollPage run() {
    return scroll.order().isPresent() ? ordered(scroll.order().get()) : byId();
  }

  private ScrollPage byId() {
    Optional<Matching> matching =
        scroll.filter().isEmpty() ? Optional.empty() : Optional.of(view.matching(scroll.filter()));
    List<Point> points = new ArrayList<>();
    Optional<VectorId> next = Optional.empty();
    try (PointCursor cursor = new IdOrderCursor(view, matching, scroll.from(), () -> {})) {
      while (points.size() < scroll.limit() && cursor.hasNext()) {
        points.add(selected(cursor.next()));
      }
      if (points.size() == scroll.limit() && cursor.hasNext()) {
        next = Optional.of(cursor.next().id());
      }
    }
    return new ScrollPage(points, List.of(), next, view.sequence());
  }

  private Point selected(Point point) {
    return new Point(
        point.id(),
        point.vector(),
        scroll.payload().of(point.payload()),
        point.sequence(),
        point.insertedAt(),
        point.expiresAt());
  }

  private ScrollPage ordered(Scroll.Order order) {
    Comparator<Placed> better =
        Comparator.comparing(Placed::order, direction(order)).thenComparing(Placed::id);
    PriorityQueue<Placed> best = new PriorityQueue<>(better.reversed());
    FieldPath field = FieldPath.parse(order.field());
    Matching matching = view.matching(scroll.filter());
    for (int i = 0; i < matching.records().size(); i++) {
      Segment segment = view.log().segments().get(i);
      PeekableIntIterator each =
          candidates(i, matching.records().get(i), field, order).getIntIterator();
      while (each.hasNext()) {
        int ordinal = each.next();
        Optional<OrderKey> key = key(segment, ordinal, field, order);
        if (key.isPresent()) {
          VectorId id = segment.table().id(ordinal).orElseThrow();
          best.add(new Placed(key.get(), id, matching.present().vectorOf(i, ordinal)));
          if (best.size() > scroll.limit()) {
            best.remove();
          }
        }
      }
    }
    List<Point> points = new ArrayList<>();
    List<OrderKey> keys = new ArrayList<>();
    best.stream()
        .sorted(better)
        .forEach(placed ->
            view.pointOfVector(
                    LiveVectors.segmentOf(placed.key()), LiveVectors.ordinalOf(placed.key()))
                .ifPresent(point -> {
                  points.add(selected(point));
                  keys.add(placed.order());
                }));
    return new ScrollPage(points, keys, Optional.empty(), view.sequence());
  }

  /// The key of a value; none if it is neither a number nor a time.
  private static Optional<OrderKey> key(JsonNode value) {
    if (value.isString()) {
      return TimeText.parse(value.stringValue()).map(OrderKey.OfTime::new);
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return Optional.of(new OrderKey.OfNumber(BigDecimal.valueOf(value.longValue())));
    }
    if (!value.isNumber() || !Double.isFinite(value.numberValue().doubleValue())) {
      return Optional.empty();
    }
    return Optional.of(new OrderKey.OfNumber(new BigDecimal(value.numberValue().doubleValue())));
  }

  /// Those records of a segment that can be on the page; the index leaves few.
  private RoaringBitmap candidates(
      int segmentIndex, RoaringBitmap records, FieldPath field, Scroll.Order order) {
    SegmentPayloads.Index index =
        view.engine()
            .payloads()
            .index(view.log().segments().get(segmentIndex), view.log().count(segmentIndex));
    FieldOrder wanted =
        new FieldOrder(
            field,
            order.descending(),
            order.first().flatMap(OrderKey::number),
            order.first().flatMap(OrderKey::time),
            scroll.limit());
    RoaringBitmap left = records.clone();
    for (PayloadBlock block : index.blocks()) {
      left.remove(block.from(), (long) block.to());
      left.or(wanted.candidates(block, records));
    }
    return left;
  }

  private static Comparator<OrderKey> direction(Scroll.Order order) {
    Comparator<OrderKey> ascending = Comparator.naturalOrder();
    return order.descending() ? ascending.reversed() : ascending;
  }

  /// The first of a point's values that is not before the one to begin with.
  private Optional<OrderKey> key(
      Segment segment, int ordinal, FieldPath field, Scroll.Order order) {
    Comparator<OrderKey> direction = direction(order);
    List<OrderKey> keys = new ArrayList<>();
    FieldValues.forEachElement(
        view.engine().payloadAt(segment, ordinal).tree(),
        field,
        element -> key(element).ifPresent(keys::add));
    return keys.stream()
        .filter(key -> order.first().map(first -> direction.compare(key, first) >= 0).orElse(true))
        .min(direction);
  }
}
