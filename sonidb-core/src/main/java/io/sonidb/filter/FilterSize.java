package io.sonidb.filter;

import java.util.List;
import java.util.Optional;

/// How much there is of a filter.
///
/// @param depth filters within one another, itself counted
/// @param conditions all of them
/// @param values, ids and corners that they name
record FilterSize(int depth, long conditions, long values) {
  private static final FilterSize ONE = new FilterSize(0, 1, 0);

  static FilterSize of(
      List<Condition> must,
      List<Condition> should,
      List<Condition> mustNot,
      Optional<Filter.MinShould> minShould) {
    FilterSize size = new FilterSize(0, 0, 0);
    for (List<Condition> clause :
        List.of(
            must, should, mustNot, minShould.map(Filter.MinShould::conditions).orElse(List.of()))) {
      for (Condition condition : clause) {
        size = size.with(of(condition));
      }
    }
    return new FilterSize(size.depth + 1, size.conditions, size.values);
  }

  private FilterSize with(FilterSize part) {
    return new FilterSize(
        Math.max(depth, part.depth), conditions + part.conditions, values + part.values);
  }

  private static FilterSize of(Condition condition) {
    return switch (condition) {
      case Filter filter -> within(filter);
      case Condition.Nested nested -> within(nested.filter());
      case Condition.HasId hasId -> values(hasId.ids().size());
      case Condition.MatchAny any -> values(any.values().size());
      case Condition.MatchExcept except -> values(except.values().size());
      case Condition.GeoPolygon polygon ->
          values(
              polygon.exterior().size() + polygon.interiors().stream().mapToLong(List::size).sum());
      case Condition.OfField _ -> ONE;
    };
  }

  private static FilterSize within(Filter filter) {
    FilterSize size = of(filter.must(), filter.should(), filter.mustNot(), filter.minShould());
    return new FilterSize(size.depth, size.conditions + 1, size.values);
  }

  private static FilterSize values(long count) {
    return new FilterSize(0, 1, count);
  }
}
