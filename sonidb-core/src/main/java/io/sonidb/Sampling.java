package io.sonidb;

import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// Chooses points at random: those whose ids, mixed with the seed, are least.
final class Sampling {
  private static final Comparator<Chosen> BY_NUMBER =
      (a, b) -> {
        int byNumber = Long.compareUnsigned(a.number(), b.number());
        return byNumber != 0 ? byNumber : a.id().compareTo(b.id());
      };

  private final CollectionView view;
  private final long seed;

  private record Chosen(long number, VectorId id, long key) {}

  Sampling(CollectionView view, long seed) {
    this.view = view;
    this.seed = seed;
  }

  List<Point> choose(int limit, Filter filter) {
    Query.check("limit", limit, 1, CollectionView.MAX_VALUES);
    List<Point> points = new ArrayList<>();
    for (long key : keys(limit, filter)) {
      view.pointOfVector(LiveVectors.segmentOf(key), LiveVectors.ordinalOf(key))
          .ifPresent(points::add);
    }
    return points;
  }

  /// Where the vectors of the chosen points are, as [LiveVectors] has it, in an order at random.
  long[] keys(int limit, Filter filter) {
    PriorityQueue<Chosen> least = new PriorityQueue<>(BY_NUMBER.reversed());
    LiveVectors vectors = new LiveVectors(view, _ -> {});
    view.matching(filter)
        .forEachVector(key -> {
          VectorId id = vectors.id(key);
          Chosen chosen = new Chosen(mixed(id.fingerprint()), id, key);
          if (least.size() < limit) {
            least.add(chosen);
          } else if (BY_NUMBER.compare(chosen, least.element()) < 0) {
            least.remove();
            least.add(chosen);
          }
        });
    return least.stream().sorted(BY_NUMBER).mapToLong(Chosen::key).toArray();
  }

  /// The finisher of SplitMix64, over both.
  private long mixed(long fingerprint) {
    long mixed = fingerprint + seed * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
    return mixed ^ mixed >>> 31;
  }
}
