package io.sonidb.payload;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import java.time.Instant;
import java.util.Optional;
import org.roaringbitmap.RoaringBitmap;

/// The first records in the order of a field's numbers or times.
///
/// @param field which field
/// @param descending whether the highest comes first
/// @param number the double next to the number to begin with; empty for the first there is
/// @param time the time to begin with; empty for the first there is
/// @param limit how many records are wanted
public record FieldOrder(
    FieldPath field,
    boolean descending,
    Optional<Double> number,
    Optional<Instant> time,
    int limit) {

  /// Those of some records of a block that may be among the first: the first ones by the index,
  /// with all that are equal to the last of them, and those that it does not know.
  public RoaringBitmap candidates(PayloadBlock block, RoaringBitmap records) {
    RoaringBitmap within =
        RoaringBitmap.and(records, RoaringBitmap.bitmapOfRange(block.from(), block.to()));
    Optional<PayloadBlock.FieldEntry> entry = block.field(field);
    if (entry.isEmpty() || !isOrdered(entry.get().type())) {
      return within;
    }
    FieldBlock values = entry.get().block();
    RoaringBitmap unknown = RoaringBitmap.or(values.bits().other(), block.unreadable());
    RoaringBitmap found = RoaringBitmap.and(within, unknown);
    RoaringBitmap known = RoaringBitmap.andNot(within, unknown);
    int wanted = found.getCardinality() + limit;
    int from = values.first(key -> isBehind(entry.get().type(), key));
    int step = descending ? -1 : 1;
    for (int index = descending ? from - 1 : from;
        index >= 0 && index < values.count() && found.getCardinality() < wanted;
        index += step) {
      int before = found.getCardinality();
      values.forEach(
          index,
          ordinal -> {
            if (known.contains(ordinal)) {
              found.add(ordinal);
            }
          });
      if (isNextToFirst(entry.get().type(), values.key(index))) {
        wanted += found.getCardinality() - before;
      }
    }
    return found;
  }

  private static boolean isOrdered(FieldType type) {
    return type == FieldType.INTEGER || type == FieldType.FLOAT || type == FieldType.DATETIME;
  }

  /// Whether a key is where the ascending order begins, or the descending one has not begun yet.
  private boolean isBehind(FieldType type, FieldKey key) {
    if (type == FieldType.DATETIME) {
      return time.map(
              first -> descending ? key.asTime().isAfter(first) : !key.asTime().isBefore(first))
          .orElse(!descending);
    }
    double value = number(type, key);
    return number.map(first -> descending ? value > first : value >= first).orElse(!descending);
  }

  /// Whether a number may as well lie before the first one: large whole numbers share a double.
  /// Whoever asked looks at each, so such records come on top of those that are wanted.
  private boolean isNextToFirst(FieldType type, FieldKey key) {
    return type != FieldType.DATETIME
        && number.isPresent()
        && number(type, key) == number.get().doubleValue();
  }

  private static double number(FieldType type, FieldKey key) {
    return type == FieldType.INTEGER ? key.asLong() : key.asDouble();
  }
}
