package io.sonidb.search;

import io.sonidb.vector.Kernels;

/// How alike two vectors are under one metric; a better match always has the higher score here.
public enum Score {
  /// Cosine of the angle between them.
  COSINE {
    @Override
    float of(float[] a, float[] b) {
      return of(a, square(a), b);
    }

    @Override
    float of(float[] a, float squareA, float[] b) {
      float squareB = K.dot(b, b);
      // Sums of squares that overflowed or lost their small terms are done again in double.
      return isInRange(squareA) && isInRange(squareB)
          ? (float) (K.dot(a, b) / Math.sqrt((double) squareA * squareB))
          : (float) of(wide(a), wide(b));
    }

    @Override
    double of(double[] a, double[] b) {
      // Scaled by the largest component, sums of squares neither overflow nor vanish.
      double largestA = largest(a);
      double largestB = largest(b);
      double dot = 0;
      double squareA = 0;
      double squareB = 0;
      for (int i = 0; i < a.length; i++) {
        double x = a[i] / largestA;
        double y = b[i] / largestB;
        dot += x * y;
        squareA += x * x;
        squareB += y * y;
      }
      return dot / Math.sqrt(squareA * squareB);
    }
  },
  /// Their inner product.
  DOT {
    @Override
    float of(float[] a, float[] b) {
      return K.dot(a, b);
    }

    @Override
    double of(double[] a, double[] b) {
      return K.dot(a, b);
    }
  },
  /// Minus the length of their difference.
  EUCLID {
    @Override
    float of(float[] a, float[] b) {
      return -(float) Math.sqrt(K.squaredDistance(a, b));
    }

    @Override
    double of(double[] a, double[] b) {
      return -Math.sqrt(K.squaredDistance(a, b));
    }
  },
  /// Minus the sum of the absolute differences of their components.
  MANHATTAN {
    @Override
    float of(float[] a, float[] b) {
      return -K.absoluteDistance(a, b);
    }

    @Override
    double of(double[] a, double[] b) {
      return -K.absoluteDistance(a, b);
    }
  };

  private static final Kernels K = Kernels.BEST;
  private static final float MIN_SQUARE = 1e-26f;
  private static final float MAX_SQUARE = 1e30f;

  abstract float of(float[] a, float[] b);

  /// The same, of a vector that is compared with many.
  ///
  /// @param squareA as [#square(float\[\])] has it
  float of(float[] a, float squareA, float[] b) {
    return of(a, b);
  }

  /// The sum of the squares of a vector's components.
  static float square(float[] a) {
    return K.dot(a, a);
  }

  abstract double of(double[] a, double[] b);

  private static boolean isInRange(float square) {
    return square > MIN_SQUARE && square < MAX_SQUARE;
  }

  private static double[] wide(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
