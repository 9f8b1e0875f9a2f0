package io.sonidb.bench;

import io.sonidb.Point;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.List;
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

  /// The next ones as points whose ids are consecutive numbers.
  List<Point> points(long first, int count) {
    List<Point> points = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      points.add(Point.of(VectorId.of(first + i), Vector.sharing(next())));
    }
    return points;
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
