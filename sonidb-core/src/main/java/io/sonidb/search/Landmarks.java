package io.sonidb.search;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Nodes that lie all over the vectors of a part, as many as may be looked through for each search:
/// a walk through the graph begins at those nearest to what is wanted.
///
/// Clusters that lie far from each other have few links between them, none where the others were
/// inserted early or late, and a larger beam does not help: a walk that begins at one node of the
/// top level ends in the wrong cluster. Landmarks are chosen as k-means++ chooses its first
/// centres: each at random, with a chance that grows with the square of the distance from those
/// before. So there is hardly a cluster without one (Arthur and Vassilvitskii, "k-means++: the
/// advantages of careful seeding", 2007).
final class Landmarks {
  private static final int MOST = 1024;
  private static final int NODES_EACH = 32;
  private static final int SAMPLED_EACH = 8;
  private static final long SEED = 7;

  private final int[] nodes;

  /// @param nodes that are the landmarks
  Landmarks(int[] nodes) {
    this.nodes = nodes;
  }

  /// Chooses among vectors that are coded.
  ///
  /// @param scorer compares them, by this score
  /// @param size how many there are; 1 or more
  static Landmarks choose(Score score, CodeScorer scorer, int size) {
    int count = Math.clamp(size / NODES_EACH, 1, MOST);
    int[] sample = new int[Math.min(size, SAMPLED_EACH * count)];
    double[] own = new double[sample.length];
    double[] squares = new double[sample.length]; // of the distance from the nearest landmark
    Arrays.fill(squares, Double.POSITIVE_INFINITY);
    for (int i = 0; i < sample.length; i++) {
      sample[i] = (int) ((long) i * size / sample.length);
      scorer.aimAt(sample[i]);
      own[i] = Coding.estimate(score, scorer.score(sample[i]));
    }
    SplittableRandom random = new SplittableRandom(SEED);
    int[] chosen = new int[count];
    int next = random.nextInt(sample.length);
    for (int i = 0; i < count; i++) {
      chosen[i] = sample[next];
      scorer.aimAt(chosen[i]);
      double sum = 0;
      for (int j = 0; j < sample.length; j++) {
        double about = Coding.estimate(score, scorer.score(sample[j]));
        double square = score == Score.EUCLID ? about * about : own[next] + own[j] - 2 * about;
        squares[j] = j == next ? 0 : Math.min(squares[j], Math.max(0, square));
        sum += squares[j];
      }
      next = chosen(squares, sum * random.nextDouble());
    }
    Arrays.sort(chosen);
    return new Landmarks(Arrays.stream(chosen).distinct().toArray());
  }

  private static int chosen(double[] weights, double point) {
    double left = point;
    for (int i = 0; i < weights.length - 1; i++) {
      left -= weights[i];
      if (left < 0) {
        return i;
      }
    }
    return weights.length - 1;
  }

  /// All of them, ascending.
  int[] nodes() {
    return nodes;
  }

  /// The nearest of them to what a scorer aims at, as nodes; of equal ones the first.
  ///
  /// @param scorer among the codes of the landmarks alone, in their order
  /// @param most how many
  int[] nearest(CodeScorer scorer, int most) {
    Best best = new Best(most);
    for (int i = 0; i < nodes.length; i++) {
      long key = Best.key(i, scorer.score(i));
      if (best.wants(key)) {
        best.keep(key);
      }
    }
    return Arrays.stream(best.ascending()).mapToInt(key -> nodes[Best.node(key)]).toArray();
  }

  /// Their codes, one behind the other: those of the part lie far from each other, each in another
  /// page.
  ///
  /// @param codes of all nodes
  /// @param codeBytes of each
  MemorySegment codes(MemorySegment codes, int codeBytes) {
    MemorySegment own = Arena.ofAuto().allocate((long) codeBytes * nodes.length, Long.BYTES);
    for (int i = 0; i < nodes.length; i++) {
      MemorySegment.copy(codes, (long) codeBytes * nodes[i], own, (long) codeBytes * i, codeBytes);
    }
    return own;
  }
}
