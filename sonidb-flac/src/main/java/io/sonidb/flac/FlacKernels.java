package io.sonidb.flac;

import io.sonidb.flac.kernel.KernelChoice;
import io.sonidb.flac.kernel.Kernels;
import io.sonidb.flac.kernel.Trial;

/// Which loops the codec runs, for statistics.
public final class FlacKernels {

  private FlacKernels() {}

  /// The loops that are chosen: SIMD when the module `jdk.incubator.vector` is resolved and the
  /// machine has vectors of 256 bits or more, plain ones otherwise or with `-Dsonidb.simd=off`.
  /// What comes out is the same. The first frames of a process are coded by plain loops in any
  /// case, until SIMD is compiled and has been seen to be faster.
  ///
  /// @return `scalar`, or `simd` and the width in bits
  public static String name() {
    return Kernels.BEST.name();
  }

  /// Has the chosen loops run from the next frame on, whether they are compiled or not: for tests,
  /// and for those who would rather have slow frames at first than wait for fast ones.
  public static void useAtOnce() {
    KernelChoice.use(Kernels.BEST);
  }

  /// Runs SIMD, of the codec or of whoever uses it, until it is compiled, and tells whether it is
  /// faster than plain loops. That takes seconds, of a quarter of a processor: call it in a thread
  /// of its own.
  ///
  /// @param simd does the same as `plain`, as often as it is run
  /// @param plain by plain loops
  public static boolean areFaster(Runnable simd, Runnable plain) {
    return Trial.isFaster(simd, plain, 1);
  }
}
