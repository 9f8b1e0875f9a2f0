package io.sonidb;

import io.sonidb.filter.FieldPath;

/// How hits are grouped.
///
/// @param field path of the field whose values make the groups; strings, whole numbers, true and
///   false: points without one are in none, those with several values in several. Where the 100,000
///   best points without group are no help, no further groups are looked for
/// @param limit most groups, 1 to 1,000
/// @param groupSize most hits of a group, 1 to 1,000
public record Grouping(String field, int limit, int groupSize) {
  private static final int MAX = 1_000;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public Grouping {
    FieldPath.parse(field);
    Query.check("groups", limit, 1, MAX);
    Query.check("the size of a group", groupSize, 1, MAX);
    Query.check("groups times their size", limit * groupSize, 1, Query.MAX_K);
  }
}
