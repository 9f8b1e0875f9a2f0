package io.sonidb.search;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
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

  /// The `k` best matches, best first; equal scores by ascending id, NaN behind everything.
  ///
  /// @param query of the source's element type and dimension
  /// @param cores runs the pieces of the source side by side, on `coreCount` threads at most
  public static List<Found> search(
      VectorSource source, Score score, Vector query, int k, Executor cores, int coreCount) {
    Comparator<Found> better =
        Comparator.comparingDouble(FlatSearch::sortKey)
            .reversed()
            .thenComparing((a, b) -> source.compareIds(a.key(), b.key()));
    List<Best> bests = new ArrayList<>();
    Crew.Hiring<VectorSource.Piece> hiring =
        () -> {
          Best best = new Best(score, query, k, better);
          bests.add(best);
          return piece -> piece.scan(best);
        };
    Crew.run(source.pieces(), hiring, cores, coreCount);
    List<Found> all = new ArrayList<>();
    bests.forEach(best -> all.addAll(best.heap));
    all.sort(better);
    return all.stream().limit(k).toList();
  }

  private static double sortKey(Found found) {
    return Double.isNaN(found.score()) ? Double.NEGATIVE_INFINITY : found.score();
  }

  /// The best `k` so far; the worst of them on top.
  private static final class Best implements VectorSource.Scorer {
    private final Score score;
    private final float[] floats;
    private final double[] doubles;
    private final int k;
    private final PriorityQueue<Found> heap;
    private final Comparator<Found> better;

    Best(Score score, Vector query, int k, Comparator<Found> better) {
      this.score = score;
      boolean narrow = query.elementType() == ElementType.FLOAT32;
      this.floats = narrow ? query.floats() : new float[0];
      this.doubles = narrow ? new double[0] : query.doubles();
      this.k = k;
      this.better = better;
      this.heap = new PriorityQueue<>(Math.min(k, 1024) + 1, better.reversed());
    }

    @Override
    public void accept(long key, float[] vector) {
      offer(key, score.of(floats, vector));
    }

    @Override
    public void accept(long key, double[] vector) {
      offer(key, score.of(doubles, vector));
    }

    private void offer(long key, double value) {
      if (heap.size() == k && value < heap.element().score()) {
        return;
      }
      Found found = new Found(key, value);
      if (heap.size() < k) {
        heap.add(found);
      } else if (better.compare(found, heap.element()) < 0) {
        heap.remove();
        heap.add(found);
      }
    }
  }
}
