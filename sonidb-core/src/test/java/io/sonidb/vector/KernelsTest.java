package io.sonidb.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("compiled")
class KernelsTest {
  private static final int UNTIL_COMPILED = 30_000;

  private final long seed = Long.getLong("sonidb.seed", 1);
  private final Random random = new Random(seed);

  /// One term of a sum, by an operation of its own where there is one.
  private interface Floats {
    float add(float sum, float a, float b);
  }

  private interface Doubles {
    double add(double sum, double a, double b);
  }

  private static float square(float sum, float a, float b) {
    return Math.fma(a - b, a - b, sum);
  }

  private static double square(double sum, double a, double b) {
    return Math.fma(a - b, a - b, sum);
  }

  /// The order in which [SimdKernels] says that it adds.
  private static float sum(float[] a, float[] b, int lanes, Floats term) {
    float[] sums = new float[2 * lanes];
    int i = 0;
    for (; i <= a.length - sums.length; i += sums.length) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] = term.add(sums[j], a[i + j], b[i + j]);
      }
    }
    for (int half = lanes; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        sums[j] += sums[j + half];
      }
    }
    float sum = sums[0];
    for (; i < a.length; i++) {
      sum = term.add(sum, a[i], b[i]);
    }
    return sum;
  }

  private static double sum(double[] a, double[] b, int lanes, Doubles term) {
    double[] sums = new double[2 * lanes];
    int i = 0;
    for (; i <= a.length - sums.length; i += sums.length) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] = term.add(sums[j], a[i + j], b[i + j]);
      }
    }
    for (int half = lanes; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        sums[j] += sums[j + half];
      }
    }
    double sum = sums[0];
    for (; i < a.length; i++) {
      sum = term.add(sum, a[i], b[i]);
    }
    return sum;
  }

  private void compare(int dimension, int lanes) {
    float[] a = new float[dimension];
    float[] b = new float[dimension];
    double[] c = new double[dimension];
    double[] d = new double[dimension];
    for (int i = 0; i < dimension; i++) {
      a[i] = (float) random.nextGaussian();
      b[i] = (float) random.nextGaussian();
      c[i] = random.nextGaussian();
      d[i] = random.nextGaussian();
    }
    Kernels kernels = Kernels.BEST;
    String what = "dimension " + dimension + ", -Dsonidb.seed=" + seed;
    assertThat(kernels.dot(a, b))
        .as(what)
        .isEqualTo(sum(a, b, lanes, (sum, x, y) -> Math.fma(x, y, sum)));
    assertThat(kernels.squaredDistance(a, b))
        .as(what)
        .isEqualTo(sum(a, b, lanes, KernelsTest::square));
    assertThat(kernels.absoluteDistance(a, b))
        .as(what)
        .isEqualTo(sum(a, b, lanes, (sum, x, y) -> sum + Math.abs(x - y)));
    assertThat(kernels.dot(c, d))
        .as(what)
        .isEqualTo(sum(c, d, lanes / 2, (sum, x, y) -> Math.fma(x, y, sum)));
    assertThat(kernels.squaredDistance(c, d))
        .as(what)
        .isEqualTo(sum(c, d, lanes / 2, KernelsTest::square));
    assertThat(kernels.absoluteDistance(c, d))
        .as(what)
        .isEqualTo(sum(c, d, lanes / 2, (sum, x, y) -> sum + Math.abs(x - y)));
  }

  @Test
  void addsInOneOrderBeforeAndAfterItIsCompiled() {
    String name = Kernels.BEST.name();
    assumeThat(name).startsWith("simd");
    int lanes = Integer.parseInt(name.substring(4)) / Float.SIZE;
    compare(768, lanes);
    for (int dimension = 1; dimension < 140; dimension++) {
      compare(dimension, lanes);
    }
    float[] floats = new float[768];
    double[] doubles = new double[768];
    float sum = 0;
    for (int i = 0; i < UNTIL_COMPILED; i++) {
      floats[i % 768] = i;
      doubles[i % 768] = i;
      sum += Kernels.BEST.dot(floats, floats) + Kernels.BEST.squaredDistance(floats, floats);
      sum += Kernels.BEST.absoluteDistance(floats, floats);
      sum += (float) Kernels.BEST.dot(doubles, doubles);
      sum += (float) Kernels.BEST.squaredDistance(doubles, doubles);
      sum += (float) Kernels.BEST.absoluteDistance(doubles, doubles);
    }
    assertThat(sum).isPositive();
    for (int dimension = 1; dimension < 140; dimension++) {
      compare(dimension, lanes);
    }
    compare(768, lanes);
    compare(1536, lanes);
  }

  @Test
  void multipliesBitsWithNumbersOfFour() {
    byte[] bits = new byte[8 * 40];
    random.nextBytes(bits);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mapped = arena.allocate(bits.length).copyFrom(MemorySegment.ofArray(bits));
      for (int i = 0; i < 200; i++) {
        int words = 1 + i % 25;
        int plane = Kernels.planeWords(words);
        long[] planes = new long[Kernels.PLANES * plane];
        // The last ones end where the bytes do: no whole vector can be read there.
        long at = i < 25 ? bits.length - 8L * words : random.nextLong(bits.length - 8L * words);
        int sum = 0;
        for (int word = 0; word < words; word++) {
          long row = mapped.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 8L * word);
          for (int bit = 0; bit < Long.SIZE; bit++) {
            int number = random.nextInt(16);
            for (int p = 0; p < Kernels.PLANES; p++) {
              planes[p * plane + word] |= (long) (number >> p & 1) << bit;
            }
            sum += (int) (row >>> bit & 1) * number;
          }
        }
        String what = words + " words at " + at + ", -Dsonidb.seed=" + seed;
        assertThat(Kernels.BEST.bitProduct(mapped, at, words, planes)).as(what).isEqualTo(sum);
        assertThat(Kernels.PLAIN.bitProduct(mapped, at, words, planes)).as(what).isEqualTo(sum);
      }
    }
  }
}
