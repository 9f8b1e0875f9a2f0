package io.sonidb;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Which indexes would help a filter.
final class WantedIndexes {
  private WantedIndexes() {}

  static Map<FieldPath, FieldType> of(Filter filter) {
    Map<FieldPath, FieldType> wanted = new TreeMap<>();
    filter
        .conditions()
        .forEach(condition -> {
          switch (condition) {
            case Filter inner -> of(inner).forEach(wanted::putIfAbsent);
            case Condition.OfField field ->
                type(field).ifPresent(type -> wanted.putIfAbsent(field.key(), type));
            case Condition.Nested _, Condition.HasId _ -> {}
          }
        });
    return wanted;
  }

  /// None where any index would do.
  private static Optional<FieldType> type(Condition.OfField condition) {
    return switch (condition) {
      case Condition.MatchValue(FieldPath _, Scalar value) -> Optional.of(type(value));
      case Condition.MatchAny(FieldPath _, Set<Scalar> values) ->
          values.stream().findAny().map(WantedIndexes::type);
      case Condition.MatchExcept(FieldPath _, Set<Scalar> values) ->
          values.stream().findAny().map(WantedIndexes::type);
      case Condition.MatchText _ -> Optional.of(FieldType.TEXT);
      case Condition.NumberRange _ -> Optional.of(FieldType.FLOAT);
      case Condition.TimeRange _ -> Optional.of(FieldType.DATETIME);
      case Condition.GeoBox _, Condition.GeoRadius _, Condition.GeoPolygon _ ->
          Optional.of(FieldType.GEO);
      case Condition.IsEmpty _, Condition.IsNull _, Condition.ValuesCount _ -> Optional.empty();
    };
  }

  private static FieldType type(Scalar value) {
    return switch (value) {
      case Scalar.Text _ -> FieldType.KEYWORD;
      case Scalar.Whole _ -> FieldType.INTEGER;
      case Scalar.Truth _ -> FieldType.BOOLEAN;
    };
  }
}
