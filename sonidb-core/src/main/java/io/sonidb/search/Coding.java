package io.sonidb.search;

import java.lang.foreign.MemorySegment;
import java.util.logging.Level;
import java.util.logging.Logger;

/// How vectors become codes that are much smaller than they are, and what two vectors score by
/// their codes, about.
///
/// From 256 components up a code has one bit for each, of the rotated vector: 32 times less than
/// float32. Below that so few bits say too little, and it has a byte for each. What is found by
/// codes is compared again by the vectors themselves, so codes never decide a score.
abstract sealed class Coding permits OneBitCoding, ByteCoding {
  /// From so many components up, one bit is enough.
  static final int ONE_BIT_FROM = 256;

  // The library tells everybody, once, which instructions it uses. A logger whose settings count
  // must be held.
  private static final Logger LIBRARY =
      Logger.getLogger("org.apache.lucene.internal.vectorization.PanamaVectorizationProvider");

  static {
    if (LIBRARY.getLevel() == null) {
      LIBRARY.setLevel(Level.WARNING);
    }
  }

  private static final double MAX_SQUARE = 1e30;
  private static final double MIN_SQUARE = 1e-30;
  private static final float LEAST_DISTANCE = 1e-37f;

  final Score score;
  final int dimension;

  Coding(Score score, int dimension) {
    this.score = score;
    this.dimension = dimension;
  }

  /// @param centroid the middle of the vectors, prepared as they are
  static Coding of(Score score, int dimension, float[] centroid) {
    return dimension >= ONE_BIT_FROM
        ? new OneBitCoding(score, centroid)
        : new ByteCoding(score, dimension);
  }

  /// Whether vectors can be found by codes under a metric.
  static boolean serves(Score score) {
    // The sum of absolute differences has no estimate by inner products.
    return score != Score.MANHATTAN;
  }

  /// Number that says in a file how its codes are made.
  abstract int kind();

  /// Bytes of a code.
  abstract int codeBytes();

  /// Bytes of the finer form in which a vector is compared with codes while a graph is built; 0 if
  /// its code serves.
  abstract int probeBytes();

  /// Writes a vector's code.
  ///
  /// @param prepared by [Preparation], and not changed
  /// @param probes where its finer form goes, if there is one
  /// @return whether it could be coded
  abstract boolean encode(
      float[] prepared, MemorySegment codes, long at, MemorySegment probes, long probeAt);

  /// Compares one vector with many; for one thread.
  ///
  /// @param codes one behind the other
  /// @param probes finer forms, one behind the other
  abstract CodeScorer scorer(MemorySegment codes, MemorySegment probes);

  /// What makes vectors comparable before they are coded: the cosine's have length 1, and those
  /// that get one bit a component are rotated. For one thread.
  static final class Preparation {
    private final Score score;
    private final Rotation rotation;
    private final boolean rotates;

    Preparation(Score score, int dimension) {
      this.score = score;
      this.rotates = dimension >= ONE_BIT_FROM;
      this.rotation = Rotation.of(dimension);
    }

    /// Changes a vector in place.
    ///
    /// @return whether its code would be of use: not of NaN, nor of numbers beyond all measure
    boolean apply(float[] vector) {
      double squares = square(vector);
      boolean isSane = squares < MAX_SQUARE && (squares > MIN_SQUARE || score != Score.COSINE);
      if (!isSane) {
        return false;
      }
      if (score == Score.COSINE) {
        double length = Math.sqrt(squares);
        for (int i = 0; i < vector.length; i++) {
          vector[i] = (float) (vector[i] / length);
        }
      }
      if (rotates) {
        rotation.apply(vector);
      }
      return true;
    }
  }

  static double square(float[] vector) {
    double square = 0;
    for (float component : vector) {
      square += (double) component * component;
    }
    return square;
  }

  /// Whether a vector could be the middle of vectors that have codes.
  static boolean isMiddle(float[] vector) {
    return square(vector) <= MAX_SQUARE; // not if it is NaN
  }

  /// The score that a positive number, as one of the next two gives it, stands for.
  static double estimate(Score score, float about) {
    return switch (score) {
      case EUCLID -> -Math.sqrt(1.0 / about);
      case COSINE, DOT, MANHATTAN -> about < 1 ? 1 - 1.0 / about : about - 1.0;
    };
  }

  /// A positive number that grows with the inner product.
  static float ofProduct(float product) {
    return product < 0 ? 1 / (1 - product) : 1 + product;
  }

  /// A positive number that falls with the squared distance.
  static float ofSquaredDistance(float distance) {
    return 1 / Math.max(distance, LEAST_DISTANCE);
  }
}
