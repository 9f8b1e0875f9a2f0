package io.sonidb.flac;

import java.util.Arrays;

/// Adds the prediction to residuals (RFC 9639, 9.2.5 and 9.2.6).
///
/// All methods return the union of `sample ^ sample >> 63` over the samples that they made; it has
/// no bit from `depth - 1` upwards if and only if all of them fit in `depth` bits. The first sample
/// that does not fit is computed without overflow and so always seen; what follows it may be wrong,
/// and is refused.
///
/// Widths: a sample has at most 33 bits, a residual 32, a coefficient 15, an order is at most 32,
/// so a prediction has at most 33 + 15 + 5 = 53 bits. Fixed predictors add at most 4 bits.
final class Prediction {

  private Prediction() {}

  /// @param samples the first `order` are samples, the rest residuals, which become samples
  static long restoreFixed(int[] samples, int order, int blockSize) {
    return switch (order) {
      case 0 -> union(samples, blockSize);
      case 1 -> {
        long union = 0;
        long a = samples[0];
        for (int i = 1; i < blockSize; i++) {
          a += samples[i];
          union |= a ^ a >> 63;
          samples[i] = (int) a;
        }
        yield union;
      }
      case 2 -> {
        long union = 0;
        long b = samples[0];
        long a = samples[1];
        for (int i = 2; i < blockSize; i++) {
          long next = samples[i] + 2 * a - b;
          union |= next ^ next >> 63;
          samples[i] = (int) next;
          b = a;
          a = next;
        }
        yield union;
      }
      case 3 -> {
        long union = 0;
        long c = samples[0];
        long b = samples[1];
        long a = samples[2];
        for (int i = 3; i < blockSize; i++) {
          long next = samples[i] + 3 * (a - b) + c;
          union |= next ^ next >> 63;
          samples[i] = (int) next;
          c = b;
          b = a;
          a = next;
        }
        yield union;
      }
      default -> {
        long union = 0;
        long d = samples[0];
        long c = samples[1];
        long b = samples[2];
        long a = samples[3];
        for (int i = 4; i < blockSize; i++) {
          long next = samples[i] + 4 * (a + c) - 6 * b - d;
          union |= next ^ next >> 63;
          samples[i] = (int) next;
          d = c;
          c = b;
          b = a;
          a = next;
        }
        yield union;
      }
    };
  }

  /// @param samples the first `order` are given
  static long restoreFixed(int[] residuals, long[] samples, int order, int blockSize) {
    long union = 0;
    for (int i = order; i < blockSize; i++) {
      long prediction =
          switch (order) {
            case 0 -> 0;
            case 1 -> samples[i - 1];
            case 2 -> 2 * samples[i - 1] - samples[i - 2];
            case 3 -> 3 * (samples[i - 1] - samples[i - 2]) + samples[i - 3];
            default -> 4 * (samples[i - 1] + samples[i - 3]) - 6 * samples[i - 2] - samples[i - 4];
          };
      long next = residuals[i] + prediction;
      union |= next ^ next >> 63;
      samples[i] = next;
    }
    return union;
  }

  /// @param samples the first `order` are samples, the rest residuals, which become samples
  /// @param productBits bits of a coefficient and of a sample together
  static long restoreLpc(
      int[] samples, int[] coefficients, int order, int shift, int productBits, int blockSize) {
    int ones = 0;
    for (int i = 0; i < order; i++) {
      ones |= coefficients[i];
    }
    if (ones == 0) {
      return union(samples, blockSize);
    }
    // The sum of `order` products, each below 2^(productBits - 2) in size, or equal to it.
    boolean narrow = productBits + (32 - Integer.numberOfLeadingZeros(order - 1)) <= 32;
    int unrolled = order <= 8 ? 8 : 12;
    if (order > unrolled) {
      return restoreWide(samples, coefficients, order, shift, blockSize);
    }
    // The others are taken as zero, so that two loops serve all orders that encoders use.
    Arrays.fill(coefficients, order, unrolled, 0);
    int from = Math.min(unrolled, blockSize);
    long union = restoreWide(samples, coefficients, order, shift, from);
    if (unrolled == 8) {
      return narrow
          ? union | restoreNarrow8(samples, coefficients, shift, blockSize)
          : union | restoreWide8(samples, coefficients, shift, blockSize);
    }
    return narrow
        ? union | restoreNarrow12(samples, coefficients, shift, blockSize)
        : union | restoreWide12(samples, coefficients, shift, blockSize);
  }

  // Written out, because the product with the newest sample, which the next one waits for, must be
  // added last, and because coefficients then stay in registers.

  private static long restoreNarrow8(int[] samples, int[] coefficients, int shift, int blockSize) {
    if (blockSize <= 8) {
      return 0;
    }
    int c1 = coefficients[0];
    int c2 = coefficients[1];
    int c3 = coefficients[2];
    int c4 = coefficients[3];
    int c5 = coefficients[4];
    int c6 = coefficients[5];
    int c7 = coefficients[6];
    int c8 = coefficients[7];
    int last = samples[7];
    int lastButOne = samples[6];
    long union = 0;
    for (int i = 8; i < blockSize; i++) {
      int sum =
          c8 * samples[i - 8]
              + c7 * samples[i - 7]
              + c6 * samples[i - 6]
              + c5 * samples[i - 5]
              + c4 * samples[i - 4]
              + c3 * samples[i - 3]
              + c2 * lastButOne
              + c1 * last;
      long next = (long) samples[i] + (sum >> shift);
      union |= next ^ next >> 63;
      lastButOne = last;
      last = (int) next;
      samples[i] = (int) next;
    }
    return union;
  }

  private static long restoreNarrow12(int[] samples, int[] coefficients, int shift, int blockSize) {
    if (blockSize <= 12) {
      return 0;
    }
    int c1 = coefficients[0];
    int c2 = coefficients[1];
    int c3 = coefficients[2];
    int c4 = coefficients[3];
    int c5 = coefficients[4];
    int c6 = coefficients[5];
    int c7 = coefficients[6];
    int c8 = coefficients[7];
    int c9 = coefficients[8];
    int c10 = coefficients[9];
    int c11 = coefficients[10];
    int c12 = coefficients[11];
    int last = samples[11];
    int lastButOne = samples[10];
    long union = 0;
    for (int i = 12; i < blockSize; i++) {
      int sum =
          c12 * samples[i - 12]
              + c11 * samples[i - 11]
              + c10 * samples[i - 10]
              + c9 * samples[i - 9]
              + c8 * samples[i - 8]
              + c7 * samples[i - 7]
              + c6 * samples[i - 6]
              + c5 * samples[i - 5]
              + c4 * samples[i - 4]
              + c3 * samples[i - 3]
              + c2 * lastButOne
              + c1 * last;
      long next = (long) samples[i] + (sum >> shift);
      union |= next ^ next >> 63;
      lastButOne = last;
      last = (int) next;
      samples[i] = (int) next;
    }
    return union;
  }

  private static long restoreWide8(int[] samples, int[] coefficients, int shift, int blockSize) {
    if (blockSize <= 8) {
      return 0;
    }
    long c1 = coefficients[0];
    long c2 = coefficients[1];
    long c3 = coefficients[2];
    long c4 = coefficients[3];
    long c5 = coefficients[4];
    long c6 = coefficients[5];
    long c7 = coefficients[6];
    long c8 = coefficients[7];
    long last = samples[7];
    long lastButOne = samples[6];
    long union = 0;
    for (int i = 8; i < blockSize; i++) {
      long sum =
          c8 * samples[i - 8]
              + c7 * samples[i - 7]
              + c6 * samples[i - 6]
              + c5 * samples[i - 5]
              + c4 * samples[i - 4]
              + c3 * samples[i - 3]
              + c2 * lastButOne
              + c1 * last;
      long next = samples[i] + (sum >> shift);
      union |= next ^ next >> 63;
      lastButOne = last;
      last = (int) next;
      samples[i] = (int) next;
    }
    return union;
  }

  private static long restoreWide12(int[] samples, int[] coefficients, int shift, int blockSize) {
    if (blockSize <= 12) {
      return 0;
    }
    long c1 = coefficients[0];
    long c2 = coefficients[1];
    long c3 = coefficients[2];
    long c4 = coefficients[3];
    long c5 = coefficients[4];
    long c6 = coefficients[5];
    long c7 = coefficients[6];
    long c8 = coefficients[7];
    long c9 = coefficients[8];
    long c10 = coefficients[9];
    long c11 = coefficients[10];
    long c12 = coefficients[11];
    long last = samples[11];
    long lastButOne = samples[10];
    long union = 0;
    for (int i = 12; i < blockSize; i++) {
      long sum =
          c12 * samples[i - 12]
              + c11 * samples[i - 11]
              + c10 * samples[i - 10]
              + c9 * samples[i - 9]
              + c8 * samples[i - 8]
              + c7 * samples[i - 7]
              + c6 * samples[i - 6]
              + c5 * samples[i - 5]
              + c4 * samples[i - 4]
              + c3 * samples[i - 3]
              + c2 * lastButOne
              + c1 * last;
      long next = samples[i] + (sum >> shift);
      union |= next ^ next >> 63;
      lastButOne = last;
      last = (int) next;
      samples[i] = (int) next;
    }
    return union;
  }

  private static long restoreWide(
      int[] samples, int[] coefficients, int order, int shift, int blockSize) {
    long union = 0;
    for (int i = order; i < blockSize; i++) {
      long sum = 0;
      for (int j = 0; j < order; j++) {
        sum += (long) coefficients[j] * samples[i - 1 - j];
      }
      long next = samples[i] + (sum >> shift);
      union |= next ^ next >> 63;
      samples[i] = (int) next;
    }
    return union;
  }

  /// @param samples the first `order` are given
  static long restoreLpc(
      int[] residuals, long[] samples, int[] coefficients, int order, int shift, int blockSize) {
    long union = 0;
    for (int i = order; i < blockSize; i++) {
      long sum = 0;
      for (int j = 0; j < order; j++) {
        sum += coefficients[j] * samples[i - 1 - j];
      }
      long next = residuals[i] + (sum >> shift);
      union |= next ^ next >> 63;
      samples[i] = next;
    }
    return union;
  }

  private static long union(int[] samples, int blockSize) {
    int union = 0;
    for (int i = 0; i < blockSize; i++) {
      union |= samples[i] ^ samples[i] >> 31;
    }
    return union;
  }
}
