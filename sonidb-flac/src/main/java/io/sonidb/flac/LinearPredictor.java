package io.sonidb.flac;

import io.sonidb.flac.kernel.Kernels;
import java.util.Arrays;

/// A linear predictor as a subframe holds it: whole numbers, and a shift (RFC 9639, 9.2.6).
final class LinearPredictor {

  static final int MAX_ORDER = 32;

  private static final int MAX_PRECISION = 15;
  private static final int MAX_SHIFT = 15;
  private static final int PRECISION_BITS = 4;
  private static final int SHIFT_BITS = 5;

  /// In an array of samples behind [#MAX_ORDER] zeros, where the sample before the first one lies.
  private static final int NEWEST = MAX_ORDER - 1;

  final int[] coefficients = new int[MAX_ORDER];

  private double[] wide = {};
  private double[] sums = {};

  int order;
  private int precision;
  private int shift;

  /// Bits of a coefficient with which a block is mostly smallest: a long one repays more of them,
  /// and so do samples of more bits.
  static int precisionFor(int blockSize, int depth) {
    int logarithm = 31 - Integer.numberOfLeadingZeros(blockSize);
    return Math.clamp(depth > 17 ? logarithm + 3 : logarithm, 5, MAX_PRECISION);
  }

  /// Bits of a subframe between the raw samples and the residual.
  int bits() {
    return PRECISION_BITS + SHIFT_BITS + order * precision;
  }

  /// No prediction behind so many raw samples.
  void setZeros(int warmUp) {
    order = warmUp;
    precision = 1;
    shift = 0;
    Arrays.fill(coefficients, 0, warmUp, 0);
  }

  /// Rounds coefficients; what one of them is rounded by is passed on to the next.
  ///
  /// @return whether it is possible; coefficients of 2^14 and more are not
  boolean round(double[] exact, int count, int bits) {
    double largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, Math.abs(exact[i]));
    }
    shift = Math.min(bits - 2 - Math.getExponent(largest), MAX_SHIFT);
    if (!(largest > 0) || shift < 0) {
      return false;
    }
    precision = bits;
    int most = (1 << (bits - 1)) - 1;
    double error = 0;
    order = 0;
    for (int i = 0; i < count; i++) {
      error += Math.scalb(exact[i], shift);
      int rounded = Math.clamp(Math.round(error), -most - 1, most);
      error -= rounded;
      coefficients[i] = rounded;
      if (rounded != 0) {
        order = i + 1;
      }
    }
    return order > 0;
  }

  /// Computes what the prediction leaves of the samples.
  ///
  /// @param samples behind [#MAX_ORDER] zeros
  /// @param depth bits of a sample
  /// @param into what lies before the first `order` has no meaning
  /// @return whether every residual lies between -2^31 and 2^31, both excluded; only then may the
  ///   predictor be used
  boolean residual(Kernels kernels, int[] samples, int depth, int[] into, int blockSize) {
    if (fitsInInt(depth)) {
      kernels.subtractPrediction(samples, MAX_ORDER, blockSize, coefficients, order, shift, into);
      return true;
    }
    return subtractWide(samples, blockSize, into);
  }

  /// Whether no sum of products passes 32 bits, nor a sample less one.
  private boolean fitsInInt(int depth) {
    long sum = 0;
    for (int i = 0; i < order; i++) {
      sum += Math.abs(coefficients[i]);
    }
    return (sum + 1) << (depth - 1) < Integer.MAX_VALUE;
  }

  /// Adds up four products at a time. Doubles are exact here: a sum of 32 products of a coefficient
  /// of 15 bits and a sample of 25 has at most 45 bits, and there are instructions for vectors of
  /// them everywhere.
  private boolean subtractWide(int[] samples, int blockSize, int[] into) {
    if (sums.length < blockSize) {
      sums = new double[blockSize];
      wide = new double[MAX_ORDER + blockSize];
    }
    widen(samples, MAX_ORDER + blockSize, wide);
    Arrays.fill(sums, 0, blockSize, 0);
    for (int tap = 0; tap < order; tap += 4) {
      // Those that are missing in the last four are zeros.
      double a = coefficients[tap];
      double b = tap + 1 < order ? coefficients[tap + 1] : 0;
      double c = tap + 2 < order ? coefficients[tap + 2] : 0;
      double d = tap + 3 < order ? coefficients[tap + 3] : 0;
      add(wide, NEWEST - tap, a, b, c, d, sums, blockSize);
    }
    double unit = 1.0 / (1 << shift);
    long largest = 0;
    for (int i = order; i < blockSize; i++) {
      long rest = samples[MAX_ORDER + i] - (long) Math.floor(sums[i] * unit);
      largest = Math.max(largest, Math.abs(rest));
      into[i] = (int) rest;
    }
    return largest <= Integer.MAX_VALUE;
  }

  private static void widen(int[] samples, int count, double[] into) {
    for (int i = 0; i < count; i++) {
      into[i] = samples[i];
    }
  }

  private static void add(
      double[] wide, int newest, double a, double b, double c, double d, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] +=
          a * wide[newest + i]
              + b * wide[newest - 1 + i]
              + c * wide[newest - 2 + i]
              + d * wide[newest - 3 + i];
    }
  }

  /// Bits that the sum of products is shifted to the right.
  int shift() {
    return shift;
  }

  void write(BitWriter out) {
    out.put(precision - 1, PRECISION_BITS);
    out.put(shift, SHIFT_BITS);
    for (int i = 0; i < order; i++) {
      out.putSigned(coefficients[i], precision);
    }
  }
}
