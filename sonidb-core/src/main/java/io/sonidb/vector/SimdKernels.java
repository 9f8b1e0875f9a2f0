package io.sonidb.vector;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The widest vectors that the machine prefers, two running sums.
final class SimdKernels implements Kernels {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

  static boolean isWorthwhile() {
    return FLOATS.length() >= 4;
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
    float sum = x.add(y).reduceLanes(VectorOperators.ADD);
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
    float sum = x.add(y).reduceLanes(VectorOperators.ADD);
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
    float sum = x.add(y).reduceLanes(VectorOperators.ADD);
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
    double sum = x.add(y).reduceLanes(VectorOperators.ADD);
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
    double sum = x.add(y).reduceLanes(VectorOperators.ADD);
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
    double sum = x.add(y).reduceLanes(VectorOperators.ADD);
    for (; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]);
    }
    return sum;
  }
}
