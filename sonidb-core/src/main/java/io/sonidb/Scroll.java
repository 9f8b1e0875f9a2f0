package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Filter;
import io.sonidb.filter.TimeText;
import io.sonidb.sound.VectorId;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;

/// Which page of points is wanted. Immutable: each setter gives a copy.
///
/// @param filter what the points must fulfil
/// @param limit most points, 1 to [CollectionView#MAX_VALUES]
/// @param from id of the first point, or above; empty for the first there is
/// @param order by what they are ordered; empty for their ids
/// @param payload what of their payloads is wanted
public record Scroll(
    Filter filter,
    int limit,
    Optional<VectorId> from,
    Optional<Order> order,
    PayloadSelection payload) {
  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public Scroll {
    Query.check("limit", limit, 1, CollectionView.MAX_VALUES);
    if (from.isPresent() && order.isPresent()) {
      throw new IllegalArgumentException(
          "a page begins with an id or is in the order of a field, not both: use start_from");
    }
  }

  /// Points of all kinds by ascending id.
  public static Scroll of(int limit) {
    return new Scroll(Filter.ALL, limit, Optional.empty(), Optional.empty(), PayloadSelection.ALL);
  }

  /// Only points that fulfil a filter.
  public Scroll filter(Filter wanted) {
    return new Scroll(wanted, limit, from, order, payload);
  }

  /// From an id on.
  public Scroll from(VectorId first) {
    return new Scroll(filter, limit, Optional.of(first), order, payload);
  }

  /// In the order of a field.
  public Scroll order(Order by) {
    return new Scroll(filter, limit, from, Optional.of(by), payload);
  }

  /// With other parts of the payloads.
  public Scroll payload(PayloadSelection wanted) {
    return new Scroll(filter, limit, from, order, wanted);
  }

  /// The order of a field's numbers or times; equal ones by ascending id. Points that have neither
  /// are left out, those with several come once, with the first of them.
  ///
  /// @param field path of the field
  /// @param descending whether the highest comes first
  /// @param startFrom the first value, or behind it: a number or a time as text; empty for the
  ///   first there is
  public record Order(String field, boolean descending, Optional<String> startFrom) {
    /// Checks the path and the value.
    ///
    /// @throws IllegalArgumentException if the path is none, or the value neither a number nor a
    ///   time
    public Order {
      FieldPath.parse(field);
      startFrom.ifPresent(Order::parse);
    }

    Optional<OrderKey> first() {
      return startFrom.map(Order::parse);
    }

    /// @throws IllegalArgumentException if the text is neither a number nor a time
    private static OrderKey parse(String text) {
      Optional<Instant> time = TimeText.parse(text);
      if (time.isPresent()) {
        return new OrderKey.OfTime(time.get());
      }
      try {
        return new OrderKey.OfNumber(number(text));
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
  }
}
