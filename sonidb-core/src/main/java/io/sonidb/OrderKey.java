package io.sonidb;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;

/// A value by which points are ordered: numbers come before times.
public sealed interface OrderKey extends Comparable<OrderKey> {
  /// A number.
  ///
  /// @param value exactly
  record OfNumber(BigDecimal value) implements OrderKey {}

  /// A time.
  ///
  /// @param value exactly
  record OfTime(Instant value) implements OrderKey {}

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
