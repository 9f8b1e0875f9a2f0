package io.sonidb;

import io.sonidb.filter.TimeText;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A value by which points are ordered: numbers come before times.
sealed interface OrderKey extends Comparable<OrderKey> {
  /// A number.
  ///
  /// @param value exactly
  record OfNumber(BigDecimal value) implements OrderKey {}

  /// A time.
  ///
  /// @param value exactly
  record OfTime(Instant value) implements OrderKey {}

  /// @throws IllegalArgumentException if the text is neither a number nor a time
  static OrderKey parse(String text) {
    Optional<Instant> time = TimeText.parse(text);
    if (time.isPresent()) {
      return new OfTime(time.get());
    }
    try {
      return new OfNumber(number(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "the first value must be a number or a time as in RFC 3339, was '" + text + "'", e);
    }
  }

  /// What the text would be in a payload: a whole number exactly, another one as a double.
  private static BigDecimal number(String text) {
    try {
      return BigDecimal.valueOf(Long.parseLong(text));
    } catch (NumberFormatException notWhole) {
      return new BigDecimal(Double.parseDouble(text));
    }
  }

  /// The key of a value; none if it is neither a number nor a time.
  static Optional<OrderKey> of(JsonNode value) {
    if (value.isString()) {
      return TimeText.parse(value.stringValue()).map(OfTime::new);
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return Optional.of(new OfNumber(BigDecimal.valueOf(value.longValue())));
    }
    if (!value.isNumber() || !Double.isFinite(value.numberValue().doubleValue())) {
      return Optional.empty();
    }
    return Optional.of(new OfNumber(new BigDecimal(value.numberValue().doubleValue())));
  }

  /// The number, as near as a double comes; none if it is a time.
  default Optional<Double> number() {
    return this instanceof OfNumber(BigDecimal value)
        ? Optional.of(value.doubleValue())
        : Optional.empty();
  }

  /// The time; none if it is a number.
  default Optional<Instant> time() {
    return this instanceof OfTime(Instant value) ? Optional.of(value) : Optional.empty();
  }

  @Override
  default int compareTo(OrderKey other) {
    return switch (this) {
      case OfNumber(BigDecimal value) ->
          other instanceof OfNumber(BigDecimal otherValue) ? value.compareTo(otherValue) : -1;
      case OfTime(Instant value) ->
          other instanceof OfTime(Instant otherValue) ? value.compareTo(otherValue) : 1;
    };
  }
}
