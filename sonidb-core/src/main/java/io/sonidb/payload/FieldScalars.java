package io.sonidb.payload;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Scalar;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.roaringbitmap.RoaringBitmap;
import tools.jackson.databind.JsonNode;

/// The strings, whole numbers and truths that fields have.
public final class FieldScalars {
  private FieldScalars() {}

  /// Those of a payload, each once, in the order in which they stand there.
  public static Set<Scalar> of(JsonNode payload, FieldPath path) {
    Set<Scalar> values = new LinkedHashSet<>();
    FieldValues.forEachElement(
        payload, path, element -> PayloadCheck.scalar(element).ifPresent(values::add));
    return values;
  }

  /// Counts, for each value that a block knows, those of some records that have it.
  ///
  /// @return the records that must be looked into instead, and were not counted
  public static RoaringBitmap count(
      PayloadBlock block, FieldPath path, RoaringBitmap records, BiConsumer<Scalar, Long> sink) {
    Optional<PayloadBlock.FieldEntry> entry = block.field(path);
    RoaringBitmap within =
        RoaringBitmap.and(records, RoaringBitmap.bitmapOfRange(block.from(), block.to()));
    if (entry.isEmpty()) {
      return within;
    }
    FieldBlock field = entry.get().block();
    switch (entry.get().type()) {
      case KEYWORD, INTEGER, BOOLEAN, UUID -> {}
      case FLOAT, DATETIME, GEO, TEXT -> {
        return within;
      }
    }
    RoaringBitmap unknown = RoaringBitmap.or(field.bits().other(), block.unreadable());
    RoaringBitmap known = RoaringBitmap.andNot(within, unknown);
    for (int index = 0; index < field.count(); index++) {
      long count = RoaringBitmap.andCardinality(field.posting(index), known);
      if (count > 0) {
        sink.accept(field.key(index).asScalar(entry.get().type()), count);
      }
    }
    return RoaringBitmap.and(within, unknown);
  }
}
