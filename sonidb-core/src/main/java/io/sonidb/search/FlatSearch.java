package io.sonidb.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;

/// Exact search: scores every vector. The oracle that any index is measured against.
public final class FlatSearch {
  /// One vector found.
  ///
  /// @param key of the vector in its source
  /// @param score higher is better, whatever the metric
  public record Found(long key, double score) {}

  private FlatSearch() {}

  /// For each probe its best matches, best first; equal scores by ascending id, NaN behind
  /// everything. All probes are answered in one pass over the vectors.
  ///
  /// The answer is the same whatever the number of threads: scores are of two vectors alone, and
  /// their order is total.
  ///
  /// @param source hands out at least the vectors that any of the probes accepts
  /// @param cores runs the pieces of the source side by side, on `coreCount` threads at most
  public static List<List<Found>> search(
      VectorSource source, List<Probe> probes, Executor cores, int coreCount) {
    Comparator<Found> better = better(source);
    List<Scorer> scorers =
        probes.stream().map(probe -> Scorer.of(probe.score(), probe.wanted())).toList();
    List<Bests> all = new ArrayList<>();
    Crew.Hiring<VectorSource.Piece> hiring =
        () -> {
          Bests bests = new Bests(probes, scorers, better);
          all.add(bests);
          return piece -> piece.scan(bests);
        };
    Crew.run(source.pieces(), hiring, cores, coreCount);
    List<List<Found>> answers = new ArrayList<>();
    for (int i = 0; i < probes.size(); i++) {
      List<Found> found = new ArrayList<>();
      for (Bests bests : all) {
        found.addAll(bests.all.get(i).heap);
      }
      found.sort(better);
      answers.add(found.stream().limit(probes.get(i).most()).toList());
    }
    return answers;
  }

  /// The best of two answers to one probe, among vectors that are not the same.
  ///
  /// @param others may hold more, and worse, than the probe wants
  public static List<Found> join(
      List<Found> some, List<Found> others, Probe probe, VectorSource source) {
    List<Found> all = new ArrayList<>(some);
    all.addAll(others);
    if (probe.floor() > Double.NEGATIVE_INFINITY) {
      all.removeIf(found -> !(found.score() >= probe.floor()));
    }
    all.sort(better(source));
    return all.size() <= probe.most() ? all : all.subList(0, probe.most());
  }

  private static Comparator<Found> better(VectorSource source) {
    return Comparator.comparingDouble(FlatSearch::sortKey)
        .reversed()
        .thenComparing((a, b) -> source.compareIds(a.key(), b.key()));
  }

  private static double sortKey(Found found) {
    return Double.isNaN(found.score()) ? Double.NEGATIVE_INFINITY : found.score();
  }

  /// What one thread has found for each probe.
  private static final class Bests implements VectorSource.Scorer {
    private final List<Best> all = new ArrayList<>();

    Bests(List<Probe> probes, List<Scorer> scorers, Comparator<Found> better) {
      for (int i = 0; i < probes.size(); i++) {
        all.add(new Best(probes.get(i), scorers.get(i), better));
      }
    }

    @Override
    public void accept(long key, float[] vector) {
      for (int i = 0; i < all.size(); i++) {
        Best best = all.get(i);
        if (best.accepts(key)) {
          best.offer(key, best.scorer.of(vector));
        }
      }
    }

    @Override
    public void accept(long key, double[] vector) {
      for (int i = 0; i < all.size(); i++) {
        Best best = all.get(i);
        if (best.accepts(key)) {
          best.offer(key, best.scorer.of(vector));
        }
      }
    }
  }

  /// The best so far; the worst of them on top.
  private static final class Best {
    private final Scorer scorer;
    private final AcceptBits accept;
    private final double floor;
    private final int most;
    private final PriorityQueue<Found> heap;
    private final Comparator<Found> better;

    Best(Probe probe, Scorer scorer, Comparator<Found> better) {
      this.scorer = scorer;
      this.accept = probe.accept();
      this.floor = probe.floor();
      this.most = probe.most();
      this.better = better;
      this.heap = new PriorityQueue<>(Math.min(most, 1024) + 1, better.reversed());
    }

    boolean accepts(long key) {
      return accept.accepts((int) (key >>> 32), (int) key);
    }

    void offer(long key, double value) {
      if (floor > Double.NEGATIVE_INFINITY && !(value >= floor)
          || heap.size() == most && value < heap.element().score()) {
        return;
      }
      Found found = new Found(key, value);
      if (heap.size() < most) {
        heap.add(found);
      } else if (better.compare(found, heap.element()) < 0) {
        heap.remove();
        heap.add(found);
      }
    }
  }
}
