package io.sonidb.cli;

import io.sonidb.Hit;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.filter.Filter;
import io.sonidb.sound.Vector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/// Judges searches by an exact scan of its own, in double precision, that shares no code with them.
///
/// Queries are stored vectors with a little noise, so that none is its own best hit by identity. A
/// hit counts when its exact score is at least that of the k-th best: vectors that tie with it are
/// as good.
final class RecallCheck {

  private static final long SEED = 7;

  /// Most scores that are kept at once.
  private static final int MAX_SCORES = 1_000_000;

  /// Scores that differ by less are taken for equal: float32 sums differ in their last bits.
  private static final double TOLERANCE = 1e-5;

  /// What the check found.
  ///
  /// @param recall share of hits that belong among the k best, 0 to 1
  /// @param p50Millis median time of a search
  /// @param exactMillis median time of one that compares all vectors
  record Result(int queries, double recall, double p50Millis, double exactMillis) {}

  /// Searches that compare all take long in large collections; a few tell.
  private static final int MOST_EXACT = 10;

  private RecallCheck() {}

  /// @param ef how far the search index is searched, 0 for what is usual
  static Result run(Points collection, int queries, int k, int ef, Progress progress) {
    if (queries < 1 || queries > MAX_SCORES / k) {
      throw new IllegalArgumentException(
          "--check must be 1 to " + MAX_SCORES / k + " for k " + k + ", was " + queries);
    }
    List<Vector> wanted = sample(collection, queries);
    if (wanted.isEmpty()) {
      throw new CommandFailure(
          ExitCode.FAILED, "collection \"" + collection.name() + "\" is empty");
    }
    double[] floors = kthBestScores(collection, wanted, k, progress);
    Metric metric = collection.spec().metric();
    Latencies latencies = new Latencies();
    long right = 0;
    long possible = wanted.size() * Math.min(k, collection.count());
    for (int i = 0; i < wanted.size(); i++) {
      long start = System.nanoTime();
      List<Hit> hits = collection.search(Query.nearest(wanted.get(i), k).ef(ef)).hits();
      latencies.add(System.nanoTime() - start);
      for (Optional<Point> hit : collection.get(hits.stream().map(Hit::id).toList())) {
        double score = score(metric, wanted.get(i), hit.orElseThrow().vector());
        right += score >= floors[i] - TOLERANCE * (1 + Math.abs(floors[i])) ? 1 : 0;
      }
    }
    Latencies exact = new Latencies();
    for (int i = 0; i < Math.min(MOST_EXACT, wanted.size()); i++) {
      long start = System.nanoTime();
      collection.search(Query.nearest(wanted.get(i), k).exact(true));
      exact.add(System.nanoTime() - start);
    }
    return new Result(
        wanted.size(), (double) right / possible, latencies.millis(0.5), exact.millis(0.5));
  }

  /// Stored vectors, chosen evenly by reservoir sampling, with noise of a thousandth of their size.
  private static List<Vector> sample(Points collection, int queries) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Vector> chosen = new ArrayList<>();
    long seen = 0;
    try (PointsView view = collection.view();
        PointsView.Walk cursor = view.walk(Filter.ALL, Optional.empty())) {
      while (cursor.hasNext()) {
        Point point = cursor.next();
        seen++;
        if (chosen.size() < queries) {
          chosen.add(point.vector());
        } else {
          long place = random.nextLong(seen);
          if (place < queries) {
            chosen.set((int) place, point.vector());
          }
        }
      }
    }
    return chosen.stream().map(vector -> withNoise(vector, random)).toList();
  }

  private static Vector withNoise(Vector vector, SplittableRandom random) {
    float[] noisy = new float[vector.dimension()];
    double size = 0;
    for (int i = 0; i < noisy.length; i++) {
      size += Math.abs(vector.doubleAt(i)) / noisy.length;
    }
    for (int i = 0; i < noisy.length; i++) {
      noisy[i] = (float) (vector.doubleAt(i) + 1e-3 * size * (random.nextDouble() - 0.5));
    }
    return Vector.sharing(noisy);
  }

  /// One scan for all queries; each keeps its k best scores.
  private static double[] kthBestScores(
      Points collection, List<Vector> queries, int k, Progress progress) {
    Metric metric = collection.spec().metric();
    List<PriorityQueue<Double>> best = new ArrayList<>();
    queries.forEach(_ -> best.add(new PriorityQueue<>()));
    long done = 0;
    long all = collection.count();
    try (PointsView view = collection.view();
        PointsView.Walk cursor = view.walk(Filter.ALL, Optional.empty())) {
      while (cursor.hasNext()) {
        Vector vector = cursor.next().vector();
        for (int i = 0; i < queries.size(); i++) {
          PriorityQueue<Double> scores = best.get(i);
          scores.add(score(metric, queries.get(i), vector));
          if (scores.size() > k) {
            scores.poll();
          }
        }
        progress.update(++done, all, "vectors");
      }
    }
    double[] floors = new double[queries.size()];
    Arrays.setAll(floors, i -> best.get(i).element());
    return floors;
  }

  /// Higher is better for every metric; no score at all is worst.
  private static double score(Metric metric, Vector a, Vector b) {
    double score = plainScore(metric, a, b);
    return Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score;
  }

  private static double plainScore(Metric metric, Vector a, Vector b) {
    double product = 0;
    double squareA = 0;
    double squareB = 0;
    double euclid = 0;
    double manhattan = 0;
    for (int i = 0; i < a.dimension(); i++) {
      double x = a.doubleAt(i);
      double y = b.doubleAt(i);
      product += x * y;
      squareA += x * x;
      squareB += y * y;
      euclid += (x - y) * (x - y);
      manhattan += Math.abs(x - y);
    }
    return switch (metric) {
      case COSINE -> product / Math.sqrt(squareA * squareB);
      case DOT -> product;
      case EUCLID -> -Math.sqrt(euclid);
      case MANHATTAN -> -manhattan;
    };
  }
}
