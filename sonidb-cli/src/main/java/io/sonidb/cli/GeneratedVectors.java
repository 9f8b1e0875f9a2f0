package io.sonidb.cli;

import java.util.SplittableRandom;

/// Vectors as embedding models make them: clusters of directions, unit length, no structure in the
/// low bits.
///
/// Vector `i` is always the same. Making one takes about a microsecond, so that a measurement
/// measures the database: centres and noise are drawn once, and a vector is a centre plus a window
/// of the noise.
final class GeneratedVectors {

  private static final int CLUSTERS = 200;
  private static final int NOISE = 1 << 18;
  private static final long SEED = 42;

  /// Noise per unit of centre: neighbours within a cluster then have a cosine of about 0.6.
  private static final float SPREAD = 0.8f;

  private final int dimension;
  private final float[][] centres;
  private final float[] noise;

  GeneratedVectors(int dimension) {
    this.dimension = dimension;
    SplittableRandom random = new SplittableRandom(SEED);
    centres = new float[CLUSTERS][];
    for (int i = 0; i < CLUSTERS; i++) {
      centres[i] = gaussians(dimension, random);
    }
    noise = gaussians(NOISE + dimension, random);
  }

  private static float[] gaussians(int count, SplittableRandom random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  int dimension() {
    return dimension;
  }

  /// A new array with vector `index`.
  float[] vector(long index) {
    long hash = mix(index);
    float[] centre = centres[(int) Long.remainderUnsigned(hash, CLUSTERS)];
    int window = (int) (hash >>> 40) & (NOISE - 1);
    float spread = (hash & 1) == 0 ? SPREAD : -SPREAD;
    float[] vector = new float[dimension];
    double square = 0;
    for (int i = 0; i < dimension; i++) {
      vector[i] = centre[i] + spread * noise[window + i];
      square += (double) vector[i] * vector[i];
    }
    float scale = (float) (1 / Math.sqrt(square));
    for (int i = 0; i < dimension; i++) {
      vector[i] *= scale;
    }
    return vector;
  }

  /// Spreads an index over 64 bits (the finaliser of SplitMix64).
  private static long mix(long index) {
    long z = index * 0x9E3779B97F4A7C15L + SEED;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
