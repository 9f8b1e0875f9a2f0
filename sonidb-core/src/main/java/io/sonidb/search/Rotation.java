package io.sonidb.search;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// A fixed rotation of space, at random: it spreads what a few components of a vector say over all
/// of them, so that one bit of each tells about as much as one bit of any other. Lengths and inner
/// products stay.
///
/// Signs are changed at random, then a Hadamard transform mixes as many components as there are in
/// a power of two, from the front in one pass and from the back in another; three times. Each step
/// is orthogonal, and all take d log d operations. Any number of threads.
final class Rotation {
  private static final int ROUNDS = 3;
  private static final long SEED = 0x536F6E69_44420001L;

  // Some that were asked for: to make one takes longer than to use it.
  private static final AtomicReferenceArray<Rotation> KNOWN = new AtomicReferenceArray<>(16);
  private static final int PLACES_EACH = 128;

  private final int dimension;
  private final int block;
  private final float scale;
  private final float[][] signs = new float[ROUNDS][];

  /// The one for vectors of a dimension.
  static Rotation of(int dimension) {
    int place = dimension / PLACES_EACH % KNOWN.length();
    Rotation known = KNOWN.get(place);
    if (known == null || known.dimension != dimension) {
      known = new Rotation(dimension);
      KNOWN.set(place, known);
    }
    return known;
  }

  private Rotation(int dimension) {
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
    int half = 1;
    for (; 8 * half <= block; half *= 8) {
      for (int i = from; i < end; i += 8 * half) {
        eights(vector, i, half);
      }
    }
    for (; half < block; half *= 2) {
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

  /// Pairs at this distance, then at twice, then at four times it, without laying them down
  /// meanwhile.
  private static void eights(float[] vector, int from, int half) {
    for (int i = from; i < from + half; i++) {
      float a = vector[i];
      float b = vector[i + half];
      float c = vector[i + 2 * half];
      float d = vector[i + 3 * half];
      float e = vector[i + 4 * half];
      float f = vector[i + 5 * half];
      float g = vector[i + 6 * half];
      float h = vector[i + 7 * half];
      float ab = a + b;
      float cd = c + d;
      float ef = e + f;
      float gh = g + h;
      float lessAb = a - b;
      float lessCd = c - d;
      float lessEf = e - f;
      float lessGh = g - h;
      a = ab + cd;
      b = lessAb + lessCd;
      c = ab - cd;
      d = lessAb - lessCd;
      e = ef + gh;
      f = lessEf + lessGh;
      g = ef - gh;
      h = lessEf - lessGh;
      vector[i] = a + e;
      vector[i + half] = b + f;
      vector[i + 2 * half] = c + g;
      vector[i + 3 * half] = d + h;
      vector[i + 4 * half] = a - e;
      vector[i + 5 * half] = b - f;
      vector[i + 6 * half] = c - g;
      vector[i + 7 * half] = d - h;
    }
  }
}
