package io.sonidb.sound;

import io.sonidb.flac.FlacKernels;

/// The loops over float32 components for which SIMD pays, and which of them run.
///
/// With SIMD a table of 16 exponents is looked up for 16 components at once, which only vectors of
/// 512 bits can; without it, and where a component has a rare exponent, plain loops do the same.
/// SIMD that is not compiled yet is slower a thousandfold, so the first vectors of a process never
/// meet it: a thread of its own runs it until it is compiled, and ends.
final class FloatLoops {
  private static final boolean POSSIBLE = isPossible();
  private static final int VECTORS_BEFORE_WARM_UP = 2000;
  private static final int VALUES = 768;

  private static volatile boolean simd;

  /// Counted without care: several threads may count one vector.
  private static int vectors;

  private FloatLoops() {}

  private static boolean isPossible() {
    return !"off".equals(System.getProperty("sonidb.simd"))
        && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        && SimdFloats.isWorthwhile();
  }

  /// Whether SIMD is used for the next vector.
  static boolean areSimd() {
    if (POSSIBLE && !simd && vectors <= VECTORS_BEFORE_WARM_UP) {
      countVector();
    }
    return simd;
  }

  /// Chooses SIMD at once where it is possible, for tests.
  static void useSimd() {
    simd = POSSIBLE;
  }

  private static void countVector() {
    if (++vectors == VECTORS_BEFORE_WARM_UP) {
      Thread.ofPlatform().daemon().name("sonidb-sound-loops").start(FloatLoops::warmUp);
    }
  }

  private static void warmUp() {
    int[] data = new int[VALUES];
    int[] marker = new int[VALUES];
    int[] bits = new int[VALUES];
    int[] near = new int[RecordAssembler.NEAR];
    int[] markerOf = new int[256];
    byte[] packed = new byte[4 * VALUES];
    byte[] ranks = new byte[VALUES];
    Runnable fast =
        () -> {
          SimdFloats.join(near, data, marker, 0, 0, VALUES, bits, 0);
          SimdFloats.join(near, packed, 0, ranks, 0, 0, VALUES, bits, 0);
          SimdFloats.split(bits, 0, VALUES, markerOf, 0, data, marker, 0);
        };
    Runnable plain =
        () -> {
          RecordAssembler.readNear(near, data, marker, 0, 0, VALUES, bits, 0);
          PackedPart.join(near, packed, 0, ranks, 0, 0, VALUES, bits, 0);
          Amplitude.split(bits, 0, 0, VALUES, markerOf, data, marker, 0);
        };
    simd = FlacKernels.areFaster(fast, plain);
  }
}
