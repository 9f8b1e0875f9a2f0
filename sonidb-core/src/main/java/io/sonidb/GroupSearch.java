package io.sonidb;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import io.sonidb.payload.FieldScalars;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Finds the best groups of hits.
///
/// First the values of the best groups: the best hits are asked for, then the best that have
/// another value, until there are enough values or no more hits. Then, for all groups in one pass,
/// the best hits of each.
final class GroupSearch {
  private final CollectionView view;
  private final Query query;
  private final Grouping grouping;
  private final FieldPath field;
  private final Set<Damage> damaged = new HashSet<>();

  GroupSearch(CollectionView view, Query query, Grouping grouping) {
    this.view = view;
    this.query = query;
    this.grouping = grouping;
    this.field = FieldPath.parse(grouping.field());
  }

  GroupResult run() {
    long start = System.nanoTime();
    List<Scalar> values = values();
    List<Query> queries =
        values.stream()
            .map(value ->
                query
                    .k(grouping.groupSize())
                    .offset(0)
                    .filter(query.filter().and(new Condition.MatchValue(field, value))))
            .toList();
    List<GroupResult.Group> groups = new ArrayList<>();
    List<SearchResult> results = view.search(queries);
    for (int i = 0; i < values.size(); i++) {
      groups.add(new GroupResult.Group(values.get(i), results.get(i).hits()));
      damaged.addAll(results.get(i).damaged());
    }
    return new GroupResult(
        groups, view.sequence(), List.copyOf(damaged), (System.nanoTime() - start) / 1e9);
  }

  /// The values of the groups, by their best hits.
  private List<Scalar> values() {
    Set<Scalar> values = new LinkedHashSet<>();
    int most = Math.min(Query.MAX_K, grouping.limit() * grouping.groupSize() + 10);
    int offset = 0;
    while (values.size() < grouping.limit()) {
      SearchResult found =
          view.search(
              query
                  .k(most)
                  .offset(offset)
                  .payload(PayloadSelection.ALL)
                  .withVector(false)
                  .filter(withOther(values)));
      damaged.addAll(found.damaged());
      int before = values.size();
      for (Hit hit : found.hits()) {
        values.addAll(FieldScalars.of(hit.payload().tree(), field));
      }
      // What brought nothing new, such as fractions that make no group, is gone past.
      offset = values.size() == before ? offset + most : 0;
      if (found.hits().size() < most || offset > Query.MAX_OFFSET) {
        break;
      }
    }
    return values.stream().limit(grouping.limit()).toList();
  }

  /// Of points that have a value, and one that is not among these.
  private Filter withOther(Set<Scalar> values) {
    Filter filter = query.filter().and(Filter.mustNot(new Condition.IsEmpty(field)));
    for (Class<? extends Scalar> type : List.of(Scalar.Text.class, Scalar.Whole.class)) {
      Set<Scalar> found = values.stream().filter(type::isInstance).collect(Collectors.toSet());
      if (!found.isEmpty()) {
        filter = filter.and(new Condition.MatchExcept(field, found));
      }
    }
    return filter;
  }
}
