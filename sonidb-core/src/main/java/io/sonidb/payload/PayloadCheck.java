package io.sonidb.payload;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import io.sonidb.filter.TimeText;
import io.sonidb.sound.VectorId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/// Whether a payload fulfils a filter: what a filter means. Every index must give the same answer.
public final class PayloadCheck {
  private final VectorId id;
  private final JsonNode payload;

  private PayloadCheck(VectorId id, JsonNode payload) {
    this.id = id;
    this.payload = payload;
  }

  /// Whether a point fulfils a filter.
  ///
  /// @param payload its payload, an object; a missing node if it has none
  public static boolean fulfils(Filter filter, VectorId id, JsonNode payload) {
    return new PayloadCheck(id, payload).all(filter);
  }

  private boolean all(Filter filter) {
    return all(filter.must())
        && (filter.should().isEmpty() || count(filter.should(), 1) == 1)
        && count(filter.mustNot(), 1) == 0
        && filter
            .minShould()
            .map(some -> count(some.conditions(), some.minCount()) >= some.minCount())
            .orElse(true);
  }

  private boolean all(List<Condition> conditions) {
    for (Condition condition : conditions) {
      if (!isTrue(condition)) {
        return false;
      }
    }
    return true;
  }

  /// How many are true, counted up to a number.
  private int count(List<Condition> conditions, int enough) {
    int count = 0;
    for (int i = 0; i < conditions.size() && count < enough; i++) {
      count += isTrue(conditions.get(i)) ? 1 : 0;
    }
    return count;
  }

  private boolean isTrue(Condition condition) {
    return switch (condition) {
      case Filter filter -> all(filter);
      case Condition.HasId hasId -> hasId.ids().contains(id);
      case Condition.Nested(FieldPath key, Filter filter) ->
          FieldValues.any(
              payload,
              key.each(),
              element -> element.isObject() && new PayloadCheck(id, element).all(filter));
      case Condition.IsEmpty(FieldPath key) ->
          !FieldValues.any(payload, key, value -> !isEmpty(value));
      case Condition.IsNull(FieldPath key) -> FieldValues.any(payload, key, JsonNode::isNull);
      case Condition.ValuesCount count -> hasCount(count);
      case Condition.OfField field -> {
        Predicate<JsonNode> test = test(field);
        yield FieldValues.any(
            payload, field.key(), value -> value.isArray() ? any(value, test) : test.test(value));
      }
    };
  }

  private static boolean any(JsonNode array, Predicate<JsonNode> test) {
    for (JsonNode element : array) {
      if (test.test(element)) {
        return true;
      }
    }
    return false;
  }

  static boolean isEmpty(JsonNode value) {
    return value.isNull() || value.isArray() && value.isEmpty();
  }

  /// How many elements a value has.
  static int count(JsonNode value) {
    return value.isNull() ? 0 : value.isArray() ? value.size() : 1;
  }

  private boolean hasCount(Condition.ValuesCount wanted) {
    boolean[] isThere = {false};
    boolean found =
        FieldValues.any(
            payload,
            wanted.key(),
            value -> {
              isThere[0] = true;
              return wanted.contains(count(value));
            });
    return found || !isThere[0] && wanted.contains(0);
  }

  /// What one value, an element of an array or not an array, is tested for.
  private static Predicate<JsonNode> test(Condition.OfField field) {
    return switch (field) {
      case Condition.MatchValue(FieldPath _, Scalar wanted) ->
          value -> scalar(value).equals(Optional.of(wanted));
      case Condition.MatchAny(FieldPath _, Set<Scalar> wanted) ->
          value -> scalar(value).map(wanted::contains).orElse(false);
      case Condition.MatchExcept(FieldPath _, Set<Scalar> unwanted) ->
          value -> !value.isNull() && !scalar(value).map(unwanted::contains).orElse(false);
      case Condition.MatchText(FieldPath _, String text) -> {
        Set<String> words = Words.of(text);
        yield value -> value.isString() && Words.of(value.stringValue()).containsAll(words);
      }
      case Condition.NumberRange range ->
          value -> {
            OptionalDouble number = number(value);
            return number.isPresent() && range.contains(number.getAsDouble());
          };
      case Condition.TimeRange range ->
          value ->
              value.isString()
                  && TimeText.parse(value.stringValue()).map(range::contains).orElse(false);
      case Condition.GeoBox box ->
          value ->
              place(value).map(at -> box.contains(at.longitude(), at.latitude())).orElse(false);
      case Condition.GeoRadius radius ->
          value ->
              place(value).map(at -> radius.contains(at.longitude(), at.latitude())).orElse(false);
      case Condition.GeoPolygon polygon ->
          value ->
              place(value).map(at -> polygon.contains(at.longitude(), at.latitude())).orElse(false);
      case Condition.IsEmpty _, Condition.IsNull _, Condition.ValuesCount _ ->
          throw new IllegalArgumentException("is about all values: " + field);
    };
  }

  /// The value as something that can be equal to what a filter names.
  static Optional<Scalar> scalar(JsonNode value) {
    if (value.isString()) {
      return Optional.of(Scalar.of(value.stringValue()));
    }
    if (value.isBoolean()) {
      return Optional.of(Scalar.of(value.booleanValue()));
    }
    return value.isIntegralNumber() && value.canConvertToLong()
        ? Optional.of(Scalar.of(value.longValue()))
        : Optional.empty();
  }

  /// The value as a number that ranges are about.
  static OptionalDouble number(JsonNode value) {
    return value.isNumber()
        ? OptionalDouble.of(value.numberValue().doubleValue())
        : OptionalDouble.empty();
  }

  /// A place as a payload has it.
  ///
  /// @param longitude in degrees, -180 to 180
  /// @param latitude in degrees, -90 to 90
  record Place(double longitude, double latitude) {}

  /// The value as a place: an object with `lon` and `lat` that are somewhere on the Earth.
  static Optional<Place> place(JsonNode value) {
    if (!value.isObject()) {
      return Optional.empty();
    }
    OptionalDouble longitude = number(value.path("lon"));
    OptionalDouble latitude = number(value.path("lat"));
    boolean isOnEarth =
        Math.abs(longitude.orElse(Double.NaN)) <= 180
            && Math.abs(latitude.orElse(Double.NaN)) <= 90;
    return isOnEarth
        ? Optional.of(new Place(longitude.getAsDouble(), latitude.getAsDouble()))
        : Optional.empty();
  }
}
