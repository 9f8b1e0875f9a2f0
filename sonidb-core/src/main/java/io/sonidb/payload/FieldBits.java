package io.sonidb.payload;

import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/// What is to be known of a field beside its values, one bit for each record.
///
/// @param empty not there, null or an empty array
/// @param isNull there and null
/// @param blank has no element, or only nulls
/// @param several has more than one element that is not null
/// @param other has an element that is neither null nor known to the index
/// @param arrays has an array, or more values than one, so that its number of values is not 0 or 1
record FieldBits(
    RoaringBitmap empty,
    RoaringBitmap isNull,
    RoaringBitmap blank,
    RoaringBitmap several,
    RoaringBitmap other,
    RoaringBitmap arrays) {
  static final int COUNT = 6;

  static FieldBits fresh() {
    return of(
        List.of(
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap(),
            new RoaringBitmap()));
  }

  static FieldBits of(List<RoaringBitmap> all) {
    return new FieldBits(all.get(0), all.get(1), all.get(2), all.get(3), all.get(4), all.get(5));
  }

  List<RoaringBitmap> all() {
    return List.of(empty, isNull, blank, several, other, arrays);
  }

  /// Those of several blocks together.
  static FieldBits union(List<FieldBits> parts) {
    List<RoaringBitmap> all = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      RoaringBitmap sum = new RoaringBitmap();
      for (FieldBits part : parts) {
        sum.or(part.all().get(i));
      }
      all.add(sum);
    }
    return of(all);
  }
}
