package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/// The points of a view, each by the record that has its payload: its upsert or, if the payload was
/// changed since, a payload record, which mostly lies in a later segment.
///
/// It holds no file, so it may outlive the view. Its cost is a few operations on bits for each
/// segment, and a look-up for each changed payload.
final class PresentRecords {
  private final List<Segment> segments;
  private final long asOf;
  private final long madeAt;
  private final long validUntil;
  private final List<RoaringBitmap> own; // by segment: upserts that carry their point's payload
  private final List<RoaringBitmap> changed; // by segment: payload records that do
  private final List<Moved> moved; // by segment: of each of those its vector

  /// Payload records, and for each the key of its vector.
  private static final class Moved {
    private final int[] ordinals; // ascending
    private final long[] vectors;

    Moved(int[] ordinals, long[] vectors) {
      this.ordinals = ordinals;
      this.vectors = vectors;
    }

    long vectorOf(int ordinal) {
      return vectors[Arrays.binarySearch(ordinals, ordinal)];
    }
  }

  private PresentRecords(
      CollectionView view,
      long validUntil,
      List<RoaringBitmap> own,
      List<RoaringBitmap> changed,
      List<Moved> moved) {
    this.segments = view.log().segments();
    this.asOf = view.log().asOf();
    this.madeAt = view.nowMillis();
    this.validUntil = validUntil;
    this.own = own;
    this.changed = changed;
    this.moved = moved;
  }

  /// Whether they are the points of this view, too.
  boolean isOf(CollectionView view) {
    return asOf == view.log().asOf()
        && segments.equals(view.log().segments())
        && madeAt <= view.nowMillis()
        && validUntil > view.nowMillis();
  }

  static PresentRecords of(CollectionView view) {
    LogView log = view.log();
    int count = log.segments().size();
    List<RoaringBitmap> own = new ArrayList<>();
    List<RoaringBitmap> changed = new ArrayList<>();
    List<Moved> moved = new ArrayList<>();
    long validUntil = Long.MAX_VALUE;
    Map<Integer, Integer> places = new HashMap<>();
    for (int i = 0; i < count; i++) {
      Segment segment = log.segments().get(i);
      places.put(segment.number(), i);
      SegmentPayloads.Kinds kinds = view.engine().payloads().of(segment).kinds(log.count(i));
      RoaringBitmap live = live(view, i, kinds.vectors());
      if (kinds.expire()) {
        validUntil = Math.min(validUntil, removeExpired(live, segment.table(), view.nowMillis()));
      }
      own.add(live);
    }
    for (int i = 0; i < count; i++) {
      Moved lead = moved(view, i, places, own);
      moved.add(lead);
      changed.add(RoaringBitmap.bitmapOf(lead.ordinals));
    }
    for (Moved lead : moved) {
      for (long key : lead.vectors) {
        own.get(LiveVectors.segmentOf(key)).remove(LiveVectors.ordinalOf(key));
      }
    }
    return new PresentRecords(view, validUntil, own, changed, moved);
  }

  private static Moved moved(
      CollectionView view, int index, Map<Integer, Integer> places, List<RoaringBitmap> own) {
    LogView log = view.log();
    Segment segment = log.segments().get(index);
    RoaringBitmap payloads =
        view.engine().payloads().of(segment).kinds(log.count(index)).payloads();
    int[] live = live(view, index, payloads).toArray();
    long[] vectors = new long[live.length];
    int found = 0;
    for (int ordinal : live) {
      long vector = log.locate(segment.table().vectorSequence(ordinal));
      Integer place = vector == Directory.NONE ? null : places.get(Directory.segment(vector));
      if (place != null && own.get(place).contains(Directory.ordinal(vector))) {
        live[found] = ordinal;
        vectors[found++] = (long) place << 32 | Directory.ordinal(vector);
      }
    }
    return new Moved(Arrays.copyOf(live, found), Arrays.copyOf(vectors, found));
  }

  private static RoaringBitmap live(CollectionView view, int index, RoaringBitmap kind) {
    int count = view.log().count(index);
    RoaringBitmap live = kind.clone();
    if (!live.isEmpty() && live.last() >= count) {
      live.remove(count, live.last() + 1L); // written since
    }
    long[] dead = view.log().segments().get(index).liveness().deadWords(view.log().asOf());
    if (Arrays.stream(dead).anyMatch(word -> word != 0)) {
      live.andNot(BitSetUtil.bitmapOf(dead));
    }
    return live;
  }

  /// @return when the next one expires
  private static long removeExpired(RoaringBitmap live, RecordTable table, long now) {
    RoaringBitmap expired = new RoaringBitmap();
    long next = Long.MAX_VALUE;
    for (PeekableIntIterator each = live.getIntIterator(); each.hasNext(); ) {
      int ordinal = each.next();
      long expires = table.expiresAtMillis(ordinal);
      if (Engine.hasExpired(expires, now)) {
        expired.add(ordinal);
      } else if (expires > 0) {
        next = Math.min(next, expires);
      }
    }
    live.andNot(expired);
    return next;
  }

  /// The records of a segment that have the payload of a point.
  RoaringBitmap records(int segment) {
    return RoaringBitmap.or(own.get(segment), changed.get(segment));
  }

  /// The vector of the point whose payload a record has.
  ///
  /// @return its key
  long vectorOf(int segment, int ordinal) {
    return changed.get(segment).contains(ordinal)
        ? moved.get(segment).vectorOf(ordinal)
        : (long) segment << 32 | ordinal;
  }

  /// The vectors of the points whose payloads these records have, by segment.
  List<RoaringBitmap> vectorsOf(List<RoaringBitmap> records) {
    List<RoaringBitmap> found = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      found.add(RoaringBitmap.and(records.get(i), own.get(i)));
    }
    for (int i = 0; i < records.size(); i++) {
      RoaringBitmap elsewhere = RoaringBitmap.and(records.get(i), changed.get(i));
      for (PeekableIntIterator each = elsewhere.getIntIterator(); each.hasNext(); ) {
        long key = moved.get(i).vectorOf(each.next());
        found.get(LiveVectors.segmentOf(key)).add(LiveVectors.ordinalOf(key));
      }
    }
    return found;
  }
}
