package io.sonidb.search;

import java.util.SplittableRandom;

/// A fixed rotation of space, at random: it spreads what a few components of a vector say over all
/// of them, so that one bit of each tells about as much as one bit of any other. Lengths and inner
/// products stay.
///
/// Signs are changed at random, then a Hadamard transform mixes as many components as there are in
/// a power of two, from the front in one pass and from the back in another; three times. Each step
/// is orthogonal, and all take d log d operations.
final class Rotation {
  private static final int ROUNDS = 3;
  private static final long SEED = 0x536F6E69_44420001L;

  private final int dimension;
  private final int block;
  private final float scale;
  private final float[][] signs = new float[ROUNDS][];

  Rotation(int dimension) {
    this.dimension = dimension;
    this.block = Integer.highestOneBit(dimension);
    this.scale = (float) (1 / Math.sqrt(block));
    SplittableRandom random = new SplittableRandom(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      signs[round] = new float[dimension];
      for (int i = 0; i < dimension; i++) {
        signs[round][i] = random.nextBoolean() ? 1 : -1;
      }
    }
  }

  /// Rotates a vector where it lies.
  void apply(float[] vector) {
    for (float[] sign : signs) {
      for (int i = 0; i < dimension; i++) {
        vector[i] *= sign[i];
      }
      mix(vector, 0);
      if (block < dimension) {
        mix(vector, dimension - block);
      }
    }
  }

  private void mix(float[] vector, int from) {
    int end = from + block;
    for (int half = 1; half < block; half *= 2) {
      for (int i = from; i < end; i += 2 * half) {
        pairs(vector, i, half);
      }
    }
    for (int i = from; i < end; i++) {
      vector[i] *= scale;
    }
  }

  private static void pairs(float[] vector, int from, int half) {
    for (int i = from; i < from + half; i++) {
      float a = vector[i];
      float b = vector[i + half];
      vector[i] = a + b;
      vector[i + half] = a - b;
    }
  }
}
