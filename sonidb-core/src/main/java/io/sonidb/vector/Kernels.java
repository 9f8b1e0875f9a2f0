package io.sonidb.vector;

import java.lang.foreign.MemorySegment;

/// The sums that distances are made of, over whole arrays.
///
/// One implementation is chosen when the class is loaded: SIMD when the machine has vectors of at
/// least four floats, plain loops otherwise or with `-Dsonidb.simd=off`. Both keep several running
/// sums, so results of the two differ in the last bits. Each adds in an order of its own that never
/// varies, so on one machine a sum always has the same bits, interpreted or compiled.
public sealed interface Kernels permits ScalarKernels, SimdKernels {
  /// The implementation for this machine.
  Kernels BEST = choose();

  /// Plain loops, for work that comes early in the life of a process and is soon over: vector code
  /// that is not compiled yet is slower a thousandfold.
  Kernels PLAIN = new ScalarKernels();

  private static Kernels choose() {
    if ("off".equals(System.getProperty("sonidb.simd"))) {
      return new ScalarKernels();
    }
    boolean resolved = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return resolved && SimdKernels.isWorthwhile() ? new SimdKernels() : new ScalarKernels();
  }

  /// Name for statistics: `scalar`, or `simd` with the width in bits.
  String name();

  /// Sum of `a[i] * b[i]`.
  float dot(float[] a, float[] b);

  /// Sum of `(a[i] - b[i])^2`.
  float squaredDistance(float[] a, float[] b);

  /// Sum of `|a[i] - b[i]|`.
  float absoluteDistance(float[] a, float[] b);

  /// Sum of `a[i] * b[i]`.
  double dot(double[] a, double[] b);

  /// Sum of `(a[i] - b[i])^2`.
  double squaredDistance(double[] a, double[] b);

  /// Sum of `|a[i] - b[i]|`.
  double absoluteDistance(double[] a, double[] b);

  /// Bits of a number that a single bit is multiplied with by [#bitProduct].
  int PLANES = 4;

  /// Words of one plane for so many words of single bits: a whole number of the widest vectors.
  static int planeWords(int words) {
    return (words + 7) & -8;
  }

  /// Sum of the products of single bits and numbers of four bits, from 0 to 15.
  ///
  /// @param bits the row of bits is in it at `at`, `words` words of 64; in whichever order, if it
  ///   is the same in the planes
  /// @param planes the lowest bits of all numbers, then the next ones; [#planeWords(int)] words of
  ///   each, with zeros at the end
  int bitProduct(MemorySegment bits, long at, int words, long[] planes);
}
