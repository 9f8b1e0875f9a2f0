package io.sonidb.payload;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import java.util.Optional;

/// A condition on a field of an array's elements, as one on all of them together.
final class OuterField {
  private OuterField() {}

  /// @param array the way to the elements
  /// @return none if that nothing is there fulfils it, or the way gets too long
  static Optional<Condition> of(FieldPath array, Condition.OfField inner) {
    if (array.steps().size() + inner.key().steps().size() > FieldPath.MAX_STEPS) {
      return Optional.empty();
    }
    FieldPath key = array.each(inner.key());
    return switch (inner) {
      case Condition.MatchValue match -> Optional.of(new Condition.MatchValue(key, match.value()));
      case Condition.MatchAny match -> Optional.of(new Condition.MatchAny(key, match.values()));
      case Condition.MatchExcept match ->
          Optional.of(new Condition.MatchExcept(key, match.values()));
      case Condition.MatchText match -> Optional.of(new Condition.MatchText(key, match.text()));
      case Condition.NumberRange range ->
          Optional.of(
              new Condition.NumberRange(key, range.gt(), range.gte(), range.lt(), range.lte()));
      case Condition.TimeRange range ->
          Optional.of(
              new Condition.TimeRange(key, range.gt(), range.gte(), range.lt(), range.lte()));
      case Condition.GeoBox box ->
          Optional.of(new Condition.GeoBox(key, box.topLeft(), box.bottomRight()));
      case Condition.GeoRadius radius ->
          Optional.of(new Condition.GeoRadius(key, radius.center(), radius.metres()));
      case Condition.GeoPolygon polygon ->
          Optional.of(new Condition.GeoPolygon(key, polygon.exterior(), polygon.interiors()));
      case Condition.IsNull _ -> Optional.of(new Condition.IsNull(key));
      case Condition.IsEmpty _, Condition.ValuesCount _ -> Optional.empty();
    };
  }
}
