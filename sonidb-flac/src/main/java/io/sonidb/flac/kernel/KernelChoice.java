package io.sonidb.flac.kernel;

import java.util.Arrays;

/// Which kernels a frame is coded with: plain loops at first, SIMD once it is compiled and has been
/// seen to be faster.
///
/// SIMD that is not compiled yet is slower by a factor of a thousand: the first hundred frames
/// would take a second. So whoever codes few frames never meets it, and for the others a thread of
/// its own runs it until it is compiled, and ends.
public final class KernelChoice {
  /// Frames that are coded by plain loops in any case.
  private static final int FRAMES_BEFORE_WARM_UP = 2000;

  private static final int SAMPLES = 768;
  private static final int ORDER = 8;

  private static volatile Kernels current = Kernels.SCALAR;

  /// Counted without care: several threads may count one frame.
  private static int frames;

  private static final int LANES = 16;

  private final int[] samples = new int[SAMPLES];
  private final byte[] ones = new byte[SAMPLES];
  private final long[] words = new long[LANES];
  private final long[] parameters = new long[LANES];
  private final long[] rows = new long[LANES * SAMPLES / Long.BYTES];
  private final byte[] bytes = new byte[3 * SAMPLES];
  private final long[] codes = new long[SAMPLES];
  private final double[] numbers = new double[SAMPLES + 1 + Kernels.LAGS];
  private final int[] coefficients = new int[ORDER];
  private final int[] residual = new int[SAMPLES];
  private final double[] sums = new double[Kernels.LAGS];

  private KernelChoice() {
    Arrays.fill(ones, (byte) -1);
    Arrays.fill(parameters, 1);
  }

  /// {@return the kernels for the next frame}
  public static Kernels forNextFrame() {
    Kernels chosen = current;
    if (chosen != Kernels.BEST) {
      countFrame();
    }
    return chosen;
  }

  /// Chooses kernels without waiting until they are compiled.
  public static void use(Kernels kernels) {
    current = kernels;
  }

  private static void countFrame() {
    if (frames <= FRAMES_BEFORE_WARM_UP && ++frames == FRAMES_BEFORE_WARM_UP) {
      Thread.ofPlatform()
          .daemon()
          .name("sonidb-flac-kernels")
          .start(() -> new KernelChoice().warmUp());
    }
  }

  private void warmUp() {
    if (Trial.isFaster(() -> exercise(Kernels.BEST), () -> exercise(Kernels.SCALAR), 1)) {
      current = Kernels.BEST;
    }
  }

  private void exercise(Kernels kernels) {
    kernels.unpack24(bytes, 0, bytes.length, samples, 0, SAMPLES);
    kernels.pack24(samples, 0, SAMPLES, bytes, 0, bytes.length);
    kernels.unfold(bytes, 0, SAMPLES, samples, 0);
    kernels.readSmallInLanes(ones, new long[LANES], words, parameters, SAMPLES, rows);
    int count = kernels.pairCodes(samples, 0, SAMPLES, 1, codes);
    kernels.joinCodes(codes, count);
    kernels.correlate(numbers, SAMPLES, 0, sums);
    kernels.subtractPrediction(samples, ORDER, SAMPLES - ORDER, coefficients, ORDER, 4, residual);
  }
}
