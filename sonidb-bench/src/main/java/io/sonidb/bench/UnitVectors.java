package io.sonidb.bench;

import java.util.SplittableRandom;

/// Vectors as embedding models make them: components of a normal distribution, length 1. The same
/// ones in every run.
final class UnitVectors {
  private final SplittableRandom random = new SplittableRandom(42);
  private final int dimension;

  UnitVectors(int dimension) {
    this.dimension = dimension;
  }

  float[] next() {
    double[] wide = nextDoubles();
    float[] narrow = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      narrow[i] = (float) wide[i];
    }
    return narrow;
  }

  double[] nextDoubles() {
    double[] components = new double[dimension];
    double squares = 0;
    for (int i = 0; i < dimension; i++) {
      components[i] = random.nextGaussian();
      squares += components[i] * components[i];
    }
    double length = Math.sqrt(squares);
    for (int i = 0; i < dimension; i++) {
      components[i] /= length;
    }
    return components;
  }
}
