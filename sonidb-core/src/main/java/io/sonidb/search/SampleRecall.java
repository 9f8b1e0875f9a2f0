package io.sonidb.search;

import io.sonidb.vector.Kernels;
import java.util.Arrays;

/// How many of the true nearest neighbours a search finds when the vectors searched are not quite
/// the true ones: some vectors of a sample are looked for among all others of it.
///
/// A sample is often compared soon after the process began, so plain loops do it.
public final class SampleRecall {
  private static final Kernels K = Kernels.PLAIN;

  private SampleRecall() {}

  /// The share of the `k` nearest that is found.
  ///
  /// The query is the true vector. What is found counts if it is truly as near as the k-th nearest,
  /// so that of equal vectors any will do.
  ///
  /// @param exact the true vectors, more than `k` of one dimension; for the cosine none is zero
  /// @param stored what is searched in their place
  /// @param queries how many of them are looked for, spread over all
  public static double of(float[][] exact, float[][] stored, Score score, int k, int queries) {
    float[][] all = comparable(exact, score);
    float[][] searched = comparable(stored, score);
    float[] truth = new float[all.length];
    float[] seen = new float[all.length];
    long found = 0;
    for (int i = 0; i < queries; i++) {
      int query = (int) ((long) i * all.length / queries);
      score(all[query], all, score, query, truth);
      score(all[query], searched, score, query, seen);
      found += found(truth, seen, k);
    }
    return (double) found / ((long) queries * k);
  }

  /// For the cosine, vectors of length 1: of these the inner product is the cosine.
  private static float[][] comparable(float[][] vectors, Score score) {
    return score == Score.COSINE
        ? Arrays.stream(vectors).map(SampleRecall::unit).toArray(float[][]::new)
        : vectors;
  }

  private static float[] unit(float[] vector) {
    double squares = 0;
    for (float component : vector) {
      squares += (double) component * component;
    }
    double length = Math.sqrt(squares);
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / length);
    }
    return unit;
  }

  private static void score(
      float[] query, float[][] vectors, Score score, int self, float[] scores) {
    for (int i = 0; i < vectors.length; i++) {
      float value =
          switch (score) {
            case COSINE, DOT -> K.dot(query, vectors[i]);
            case EUCLID -> -K.squaredDistance(query, vectors[i]);
            case MANHATTAN -> -K.absoluteDistance(query, vectors[i]);
          };
      scores[i] = i == self || Float.isNaN(value) ? Float.NEGATIVE_INFINITY : value;
    }
  }

  private static int found(float[] truth, float[] seen, int k) {
    float near = kthLargest(truth, k);
    float shown = kthLargest(seen, k);
    int sure = 0;
    int found = 0;
    int atTheEdge = 0;
    for (int i = 0; i < truth.length; i++) {
      boolean isNear = truth[i] >= near;
      if (seen[i] > shown) {
        sure++;
        found += isNear ? 1 : 0;
      } else if (seen[i] == shown) {
        atTheEdge += isNear ? 1 : 0;
      }
    }
    return found + Math.min(atTheEdge, k - sure);
  }

  private static float kthLargest(float[] scores, int k) {
    float[] best = new float[k]; // ascending
    Arrays.fill(best, Float.NEGATIVE_INFINITY);
    for (float score : scores) {
      if (score > best[0]) {
        int at = 0;
        while (at < k - 1 && best[at + 1] < score) {
          best[at] = best[at + 1];
          at++;
        }
        best[at] = score;
      }
    }
    return best[0];
  }
}
