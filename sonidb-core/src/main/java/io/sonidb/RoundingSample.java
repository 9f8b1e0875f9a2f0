package io.sonidb;

import io.sonidb.search.SampleRecall;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Vector;
import io.sonidb.store.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// The first vectors that a collection which rounds them is given, exact as they came: they are
/// compared with what is stored before they are thrown away.
///
/// A sample has 2,000 vectors, and fewer when they have more than 4,096 dimensions, so that it
/// takes 32 MiB at most until it is full and measured. Of these as many are looked for among all as
/// one core does in about 0.3 seconds: 520 of 768 dimensions.
final class RoundingSample {
  private static final int MAX_VECTORS = 2000;

  private static final int MAX_COMPONENTS = 1 << 23;

  /// Products of components, of which plain loops do some five a nanosecond.
  private static final long MAX_PRODUCTS = 800_000_000;

  private static final int NEIGHBOURS = 10;

  private final CollectionSpec spec;
  private final int wanted;
  private final List<float[]> exact = new ArrayList<>(); // guarded by this
  private Optional<Manifest.Rounding> measured = Optional.empty(); // guarded by this
  private volatile boolean full;

  RoundingSample(CollectionSpec spec) {
    this.spec = spec;
    wanted = wanted(spec.dimension());
  }

  /// How many vectors a sample has when it is full.
  static int wanted(int dimension) {
    return Math.min(MAX_VECTORS, MAX_COMPONENTS / dimension);
  }

  /// Takes vectors that were inserted.
  ///
  /// @return whether the sample has just become full
  boolean offer(List<Point> inserted) {
    return !full && take(inserted);
  }

  private synchronized boolean take(List<Point> inserted) {
    if (full) {
      return false;
    }
    for (Point point : inserted) {
      if (exact.size() < wanted) {
        exact.add(floats(point.vector()));
      }
    }
    full = exact.size() == wanted;
    return full;
  }

  private static float[] floats(Vector vector) {
    float[] floats = new float[vector.dimension()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) vector.doubleAt(i);
    }
    return floats;
  }

  /// How many vectors there are by now.
  synchronized int size() {
    return exact.size();
  }

  /// Compares what was taken so far; empty if nothing was.
  synchronized Optional<Manifest.Rounding> measure() {
    if (measured.map(Manifest.Rounding::vectors).orElse(0) < exact.size()) {
      measured = Optional.of(compare());
    }
    return measured;
  }

  private Manifest.Rounding compare() {
    Quantisation quantize = spec.quantize();
    float[][] stored = new float[exact.size()][];
    double steps = 0;
    double maxError = 0;
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < stored.length; i++) {
      Vector rounded = quantize.round(Vector.sharing(exact.get(i)));
      stored[i] = rounded.floats();
      steps += rounded.step();
      for (int j = 0; j < stored[i].length; j++) {
        double error = Math.abs((double) exact.get(i)[j] - stored[i][j]);
        maxError = Math.max(maxError, error);
        errors += error * error;
        squares += (double) exact.get(i)[j] * exact.get(i)[j];
      }
    }
    return new Manifest.Rounding(
        stored.length,
        steps / stored.length,
        maxError,
        Math.sqrt(errors / stored.length / spec.dimension()),
        squares == 0 ? 0 : Math.sqrt(errors / squares),
        recall(stored));
  }

  private OptionalDouble recall(float[][] stored) {
    if (stored.length <= NEIGHBOURS) {
      return OptionalDouble.empty();
    }
    long affordable = MAX_PRODUCTS / spec.dimension() / stored.length;
    int queries = (int) Math.min(stored.length, affordable);
    float[][] all = exact.toArray(float[][]::new);
    return OptionalDouble.of(
        SampleRecall.of(all, stored, spec.metric().score(), NEIGHBOURS, queries));
  }
}
