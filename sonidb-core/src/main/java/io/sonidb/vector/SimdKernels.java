package io.sonidb.vector;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The widest vectors that the machine prefers, up to 512 bits, two running sums.
///
/// The order of all additions is fixed, so that a sum has the same bits whether the loop is
/// interpreted or compiled, by whichever compiler: with `n` lanes, the products of components `2n *
/// i + j` and `2n * i + n + j` go to lane `j` of the one sum and of the other; both are added lane
/// by lane; the upper half of the lanes is added to the lower half until one is left; what is left
/// of the components follows one by one. The library's own sum of lanes leaves the order open.
final class SimdKernels implements Kernels {
  private static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> DOUBLES = FLOATS.withLanes(double.class);
  private static final VectorShuffle<Float> FLOATS_BY_8 = turned(FLOATS, 8);
  private static final VectorShuffle<Float> FLOATS_BY_4 = turned(FLOATS, 4);
  private static final VectorShuffle<Float> FLOATS_BY_2 = turned(FLOATS, 2);
  private static final VectorShuffle<Float> FLOATS_BY_1 = turned(FLOATS, 1);
  private static final VectorShuffle<Double> DOUBLES_BY_4 = turned(DOUBLES, 4);
  private static final VectorShuffle<Double> DOUBLES_BY_2 = turned(DOUBLES, 2);
  private static final VectorShuffle<Double> DOUBLES_BY_1 = turned(DOUBLES, 1);

  static boolean isWorthwhile() {
    return FLOATS.length() >= 4;
  }

  /// Brings to each lane what is some lanes above it.
  private static <E> VectorShuffle<E> turned(VectorSpecies<E> species, int lanes) {
    return VectorShuffle.iota(species, lanes, 1, true);
  }

  private static float sum(FloatVector lanes) {
    FloatVector sum = lanes;
    if (FLOATS.length() >= 16) {
      sum = sum.add(sum.rearrange(FLOATS_BY_8));
    }
    if (FLOATS.length() >= 8) {
      sum = sum.add(sum.rearrange(FLOATS_BY_4));
    }
    sum = sum.add(sum.rearrange(FLOATS_BY_2));
    return sum.add(sum.rearrange(FLOATS_BY_1)).lane(0);
  }

  private static double sum(DoubleVector lanes) {
    DoubleVector sum = lanes;
    if (DOUBLES.length() >= 8) {
      sum = sum.add(sum.rearrange(DOUBLES_BY_4));
    }
    if (DOUBLES.length() >= 4) {
      sum = sum.add(sum.rearrange(DOUBLES_BY_2));
    }
    return sum.add(sum.rearrange(DOUBLES_BY_1)).lane(0);
  }

  @Override
  public String name() {
    return "simd" + FLOATS.vectorBitSize();
  }

  @Override
  public float dot(float[] a, float[] b) {
    int lanes = FLOATS.length();
    FloatVector x = FloatVector.zero(FLOATS);
    FloatVector y = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= a.length - 2 * lanes; i += 2 * lanes) {
      x = FloatVector.fromArray(FLOATS, a, i).fma(FloatVector.fromArray(FLOATS, b, i), x);
      y =
          FloatVector.fromArray(FLOATS, a, i + lanes)
              .fma(FloatVector.fromArray(FLOATS, b, i + lanes), y);
    }
    float sum = sum(x.add(y));
    for (; i < a.length; i++) {
      sum = Math.fma(a[i], b[i], sum);
    }
    return sum;
  }

  @Override
  public float squaredDistance(float[] a, float[] b) {
    int lanes = FLOATS.length();
    FloatVector x = FloatVector.zero(FLOATS);
    FloatVector y = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= a.length - 2 * lanes; i += 2 * lanes) {
      FloatVector dx = FloatVector.fromArray(FLOATS, a, i).sub(FloatVector.fromArray(FLOATS, b, i));
      x = dx.fma(dx, x);
      FloatVector dy =
          FloatVector.fromArray(FLOATS, a, i + lanes)
              .sub(FloatVector.fromArray(FLOATS, b, i + lanes));
      y = dy.fma(dy, y);
    }
    float sum = sum(x.add(y));
    for (; i < a.length; i++) {
      float d = a[i] - b[i];
      sum = Math.fma(d, d, sum);
    }
    return sum;
  }

  @Override
  public float absoluteDistance(float[] a, float[] b) {
    int lanes = FLOATS.length();
    FloatVector x = FloatVector.zero(FLOATS);
    FloatVector y = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= a.length - 2 * lanes; i += 2 * lanes) {
      x = x.add(FloatVector.fromArray(FLOATS, a, i).sub(FloatVector.fromArray(FLOATS, b, i)).abs());
      y =
          y.add(
              FloatVector.fromArray(FLOATS, a, i + lanes)
                  .sub(FloatVector.fromArray(FLOATS, b, i + lanes))
                  .abs());
    }
    float sum = sum(x.add(y));
    for (; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]);
    }
    return sum;
  }

  @Override
  public double dot(double[] a, double[] b) {
    int lanes = DOUBLES.length();
    DoubleVector x = DoubleVector.zero(DOUBLES);
    DoubleVector y = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= a.length - 2 * lanes; i += 2 * lanes) {
      x = DoubleVector.fromArray(DOUBLES, a, i).fma(DoubleVector.fromArray(DOUBLES, b, i), x);
      y =
          DoubleVector.fromArray(DOUBLES, a, i + lanes)
              .fma(DoubleVector.fromArray(DOUBLES, b, i + lanes), y);
    }
    double sum = sum(x.add(y));
    for (; i < a.length; i++) {
      sum = Math.fma(a[i], b[i], sum);
    }
    return sum;
  }

  @Override
  public double squaredDistance(double[] a, double[] b) {
    int lanes = DOUBLES.length();
    DoubleVector x = DoubleVector.zero(DOUBLES);
    DoubleVector y = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= a.length - 2 * lanes; i += 2 * lanes) {
      DoubleVector dx =
          DoubleVector.fromArray(DOUBLES, a, i).sub(DoubleVector.fromArray(DOUBLES, b, i));
      x = dx.fma(dx, x);
      DoubleVector dy =
          DoubleVector.fromArray(DOUBLES, a, i + lanes)
              .sub(DoubleVector.fromArray(DOUBLES, b, i + lanes));
      y = dy.fma(dy, y);
    }
    double sum = sum(x.add(y));
    for (; i < a.length; i++) {
      double d = a[i] - b[i];
      sum = Math.fma(d, d, sum);
    }
    return sum;
  }

  @Override
  public double absoluteDistance(double[] a, double[] b) {
    int lanes = DOUBLES.length();
    DoubleVector x = DoubleVector.zero(DOUBLES);
    DoubleVector y = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= a.length - 2 * lanes; i += 2 * lanes) {
      x =
          x.add(
              DoubleVector.fromArray(DOUBLES, a, i)
                  .sub(DoubleVector.fromArray(DOUBLES, b, i))
                  .abs());
      y =
          y.add(
              DoubleVector.fromArray(DOUBLES, a, i + lanes)
                  .sub(DoubleVector.fromArray(DOUBLES, b, i + lanes))
                  .abs());
    }
    double sum = sum(x.add(y));
    for (; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]);
    }
    return sum;
  }

  @Override
  public int bitProduct(MemorySegment bits, long at, int words, long[] planes) {
    // Narrower vectors have no instruction that counts ones.
    return FLOATS.length() == 16
            && at + (long) Long.BYTES * Kernels.planeWords(words) <= bits.byteSize()
        ? wideBitProduct(bits, at, words, planes)
        : ScalarKernels.plainBitProduct(bits, at, words, planes);
  }

  /// Reads whole vectors: what lies behind the bits meets zeros. With another loop for the last
  /// words it takes three times as long.
  private static int wideBitProduct(MemorySegment bits, long at, int words, long[] planes) {
    VectorSpecies<Long> eight = LongVector.SPECIES_512;
    int plane = Kernels.planeWords(words);
    LongVector first = LongVector.zero(eight);
    LongVector second = first;
    LongVector third = first;
    LongVector fourth = first;
    for (int word = 0; word < words; word += 8) {
      LongVector some =
          LongVector.fromMemorySegment(
              eight, bits, at + (long) Long.BYTES * word, ByteOrder.nativeOrder());
      first = first.add(ones(some.and(LongVector.fromArray(eight, planes, word))));
      second = second.add(ones(some.and(LongVector.fromArray(eight, planes, plane + word))));
      third = third.add(ones(some.and(LongVector.fromArray(eight, planes, 2 * plane + word))));
      fourth = fourth.add(ones(some.and(LongVector.fromArray(eight, planes, 3 * plane + word))));
    }
    LongVector sum =
        first
            .add(second.lanewise(VectorOperators.LSHL, 1))
            .add(third.lanewise(VectorOperators.LSHL, 2))
            .add(fourth.lanewise(VectorOperators.LSHL, 3));
    return (int) sum.reduceLanes(VectorOperators.ADD);
  }

  private static LongVector ones(LongVector some) {
    return some.lanewise(VectorOperators.BIT_COUNT);
  }
}
