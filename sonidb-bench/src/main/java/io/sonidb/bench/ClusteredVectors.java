package io.sonidb.bench;

import io.sonidb.vector.Kernels;
import java.util.SplittableRandom;

/// Vectors with the neighbourhoods that real embeddings have: clusters, in a space whose principal
/// axes matter less and less, turned so that no component is special; of length 1.
///
/// The i-th of the axes has a spread of i^-0.47, which gives 768-d vectors an intrinsic dimension
/// of about 16. A vector is one of 500 centres plus 0.6 times as much noise, in that space.
///
/// With `-Dsonidb.bench.grid=true` the components are numbers of 16 bits (IEEE 754 binary16) times
/// one number of 32, as those of some embedding services are.
final class ClusteredVectors {
  private static final int CLUSTERS = 500;
  private static final double DECAY = 0.47;
  private static final float NOISE = 0.6f;
  private static final boolean GRID = Boolean.getBoolean("sonidb.bench.grid");

  private final int dimension;
  private final SplittableRandom random;
  private final float[][] axes; // orthogonal; of each component, what it has of every axis
  private final float[][] centres;

  ClusteredVectors(int dimension, long seed) {
    this.dimension = dimension;
    random = new SplittableRandom(seed);
    axes = axes();
    centres = new float[CLUSTERS][];
    for (int i = 0; i < CLUSTERS; i++) {
      centres[i] = gaussians();
    }
  }

  private float[] gaussians() {
    float[] gaussians = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      gaussians[i] = (float) random.nextGaussian();
    }
    return gaussians;
  }

  /// Random directions made orthogonal one after the other, then scaled by the spreads.
  private float[][] axes() {
    float[][] rows = new float[dimension][];
    for (int i = 0; i < dimension; i++) {
      rows[i] = gaussians();
      // Twice, since the first time leaves rounding errors.
      for (int times = 0; times < 2; times++) {
        for (int j = 0; j < i; j++) {
          add(rows[i], rows[j], -Kernels.BEST.dot(rows[i], rows[j]));
        }
      }
      scale(rows[i], 1 / Math.sqrt(Kernels.BEST.dot(rows[i], rows[i])));
    }
    for (float[] row : rows) {
      for (int axis = 0; axis < dimension; axis++) {
        row[axis] *= (float) Math.pow(axis + 1, -DECAY);
      }
    }
    return rows;
  }

  private static void add(float[] to, float[] what, float times) {
    for (int i = 0; i < to.length; i++) {
      to[i] += times * what[i];
    }
  }

  private static void scale(float[] values, double by) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) by;
    }
  }

  float[] next() {
    float[] along = centres[random.nextInt(CLUSTERS)].clone();
    for (int i = 0; i < dimension; i++) {
      along[i] += NOISE * (float) random.nextGaussian();
    }
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = Kernels.BEST.dot(axes[i], along);
    }
    if (GRID) {
      for (int i = 0; i < dimension; i++) {
        vector[i] = Float.float16ToFloat(Float.floatToFloat16(vector[i]));
      }
    }
    scale(vector, 1 / Math.sqrt(Kernels.BEST.dot(vector, vector)));
    return vector;
  }
}
