package io.sonidb;

import io.sonidb.search.SearchPart;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/// The vectors of a view that no part of its search index has.
final class Uncovered {
  private Uncovered() {}

  /// Their ordinals, by segment of the view.
  static List<RoaringBitmap> of(CollectionView view) {
    List<RoaringBitmap> uncovered = new ArrayList<>();
    view.log().segments().forEach(_ -> uncovered.add(new RoaringBitmap()));
    Places places = new Places(view);
    long from = 1;
    for (SearchPart part : view.parts().parts()) {
      add(view, places, from, part.from() - 1, uncovered);
      for (long sequence : part.leftOut()) {
        long key = places.liveKey(sequence);
        if (key != Places.NONE) {
          uncovered.get(LiveVectors.segmentOf(key)).add(LiveVectors.ordinalOf(key));
        }
      }
      from = part.to() + 1;
    }
    add(view, places, from, view.sequence(), uncovered);
    return uncovered;
  }

  private static void add(
      CollectionView view, Places places, long from, long to, List<RoaringBitmap> uncovered) {
    if (from > to) {
      return;
    }
    places.forEachRange(
        from,
        to,
        (index, first, end) -> {
          for (int ordinal = first; ordinal < end; ordinal++) {
            if (view.hasVector(view.log().segments().get(index), ordinal)) {
              uncovered.get(index).add(ordinal);
            }
          }
        });
  }
}
