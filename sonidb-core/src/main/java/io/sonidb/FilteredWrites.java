package io.sonidb;

import io.sonidb.filter.Condition;
import io.sonidb.filter.Filter;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.roaringbitmap.PeekableIntIterator;

/// Writes about every point that fulfils a filter, batch by batch.
///
/// What fulfils it is found in a view. Whoever was changed since is not touched, but looked at
/// again when the batches are through: so each point is written as it was when it fulfilled the
/// filter.
final class FilteredWrites {
  private static final int BATCH = 1000;

  private final Collection collection;
  private final Filter filter;

  /// Points with the numbers of their newest changes.
  static final class Meant {
    private final Map<VectorId, Long> sequences = new HashMap<>();
    private final Set<VectorId> changed = new HashSet<>();

    List<VectorId> ids() {
      return List.copyOf(sequences.keySet());
    }

    /// Whether a point is still as it was found.
    boolean isMeant(VectorId id, Engine.Newest found) {
      boolean same = found.sequence() == Objects.requireNonNull(sequences.get(id));
      if (!same) {
        changed.add(id);
      }
      return same;
    }
  }

  /// Writes about some points.
  @FunctionalInterface
  interface Step {
    long write(Writes writes, Meant meant) throws IOException;
  }

  FilteredWrites(Collection collection, Filter filter) {
    this.collection = collection;
    this.filter = filter;
  }

  /// @return how many points were written about
  long run(Step step) {
    Set<VectorId> changed = new HashSet<>();
    long count = write(filter, step, changed);
    while (!changed.isEmpty()) {
      List<VectorId> again = List.copyOf(changed);
      changed.clear();
      for (int from = 0; from < again.size(); from += BATCH) {
        Set<VectorId> some = Set.copyOf(again.subList(from, Math.min(again.size(), from + BATCH)));
        count += write(filter.and(new Condition.HasId(some)), step, changed);
      }
    }
    return count;
  }

  /// @param changed takes those that were changed meanwhile
  private long write(Filter wanted, Step step, Set<VectorId> changed) {
    long count = 0;
    try (CollectionView view = collection.view()) {
      Matching matching = view.matching(wanted);
      Meant meant = new Meant();
      for (int i = 0; i < matching.records().size(); i++) {
        RecordTable table = view.log().segments().get(i).table();
        PeekableIntIterator each = matching.records().get(i).getIntIterator();
        while (each.hasNext()) {
          int ordinal = each.next();
          meant.sequences.put(table.id(ordinal).orElseThrow(), table.sequence(ordinal));
          if (meant.sequences.size() == BATCH) {
            count += write(meant, step, changed);
            meant = new Meant();
          }
        }
      }
      return count + write(meant, step, changed);
    }
  }

  private long write(Meant meant, Step step, Set<VectorId> changed) {
    if (meant.sequences.isEmpty()) {
      return 0;
    }
    long count = collection.write(writes -> step.write(writes, meant));
    changed.addAll(meant.changed);
    return count;
  }
}
