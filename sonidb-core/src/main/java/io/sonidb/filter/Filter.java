package io.sonidb.filter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Conditions joined: all of `must`, one of `should`, none of `must_not`, so many of `min_should`.
/// A clause without conditions counts for nothing, so an empty filter is true of every point.
///
/// Its JSON form is that of Qdrant: `{"must": [{"key": "color", "match": {"value": "red"}}]}`.
///
/// @param must are all true
/// @param should of these one or more is true
/// @param mustNot are all false
/// @param minShould of these some are true
public record Filter(
    List<Condition> must,
    List<Condition> should,
    List<Condition> mustNot,
    Optional<MinShould> minShould)
    implements Condition {
  /// Most filters within one another.
  public static final int MAX_DEPTH = 16;

  /// Most conditions of a filter, those of filters within it counted.
  public static final int MAX_CONDITIONS = 1024;

  /// Most values, ids and corners in all conditions together.
  public static final int MAX_VALUES = 100_000;

  /// Most characters of a filter in JSON.
  public static final int MAX_JSON_LENGTH = 16 << 20;

  /// True of every point.
  public static final Filter ALL = new Filter(List.of(), List.of(), List.of(), Optional.empty());

  /// Checks the limits.
  ///
  /// @throws IllegalArgumentException if there is too much of something
  public Filter {
    must = List.copyOf(must);
    should = List.copyOf(should);
    mustNot = List.copyOf(mustNot);
    FilterSize size = FilterSize.of(must, should, mustNot, minShould);
    check("filters within one another", size.depth(), MAX_DEPTH);
    check("conditions", size.conditions(), MAX_CONDITIONS);
    check("values", size.values(), MAX_VALUES);
  }

  private static void check(String what, long is, long most) {
    if (is > most) {
      throw new IllegalArgumentException(
          "a filter must have at most " + most + " " + what + ", had " + is);
    }
  }

  /// Some of several conditions are true.
  ///
  /// @param conditions of these
  /// @param minCount so many or more
  public record MinShould(List<Condition> conditions, int minCount) {
    public MinShould {
      conditions = List.copyOf(conditions);
      if (minCount < 0) {
        throw new IllegalArgumentException("min_count must be 0 or more, was " + minCount);
      }
    }
  }

  /// All of these conditions.
  public static Filter must(Condition... conditions) {
    return new Filter(Arrays.asList(conditions), List.of(), List.of(), Optional.empty());
  }

  /// One or more of these conditions.
  public static Filter should(Condition... conditions) {
    return new Filter(List.of(), Arrays.asList(conditions), List.of(), Optional.empty());
  }

  /// None of these conditions.
  public static Filter mustNot(Condition... conditions) {
    return new Filter(List.of(), List.of(), Arrays.asList(conditions), Optional.empty());
  }

  /// So many or more of these conditions.
  public static Filter minShould(int minCount, Condition... conditions) {
    return new Filter(
        List.of(),
        List.of(),
        List.of(),
        Optional.of(new MinShould(Arrays.asList(conditions), minCount)));
  }

  /// This filter and another condition.
  public Filter and(Condition condition) {
    List<Condition> all = new ArrayList<>(must);
    all.add(condition);
    return new Filter(all, should, mustNot, minShould);
  }

  /// Reads a filter in the JSON form of Qdrant.
  ///
  /// @throws MalformedFilterException if it is none; the message names the place and the value
  public static Filter parse(String json) {
    return FilterJson.read(json);
  }

  /// The filter in the JSON form of Qdrant.
  public String toJson() {
    return FilterJson.write(this);
  }

  /// Whether there is nothing that it asks.
  public boolean isEmpty() {
    return must.isEmpty() && should.isEmpty() && mustNot.isEmpty() && minShould.isEmpty();
  }

  /// Every condition of its clauses.
  public Stream<Condition> conditions() {
    return Stream.of(must, should, mustNot, minShould.map(MinShould::conditions).orElse(List.of()))
        .flatMap(List::stream);
  }

  boolean hasIds() {
    return conditions()
        .anyMatch(condition ->
            switch (condition) {
              case HasId _ -> true;
              case Filter filter -> filter.hasIds();
              case Nested _, OfField _ -> false;
            });
  }
}
