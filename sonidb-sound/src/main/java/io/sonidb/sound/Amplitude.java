package io.sonidb.sound;

/// The sonification `amplitude`: a component is one sample in every channel.
///
/// The data channels take the sign and the mantissa as they are: noise, which no predictor could
/// make smaller. The marker channel takes the rank of the exponent, a small number, unfolded to
/// both sides of 0 so that the Rice coder folds it back. Nothing is computed with the values, so
/// every bit pattern comes back: NaN payloads, infinities, -0.0, subnormals.
///
/// Widths: float32 ranks are at most 511, so the marker channel stays within 2^8. float64 ranks are
/// at most 4095; times 32, plus 31, unfolded, within 2^16. Both are far from the control word's
/// 2^22.
final class Amplitude {
  /// Components that plain loops split where SIMD has met a rare one.
  private static final int SIMD_STEP = 16;

  private Amplitude() {}

  /// Undoes [#unfold]: 0, -1, 1, -2, 2 stand for 0, 1, 2, 3, 4.
  static int fold(int sample) {
    return sample << 1 ^ sample >> 31;
  }

  /// Spreads 0, 1, 2, 3, 4 to 0, -1, 1, -2, 2.
  static int unfold(int code) {
    return code >>> 1 ^ -(code & 1);
  }

  /// Makes samples of float32 components, given by their bits.
  ///
  /// @param markerOf what the marker channel holds, by exponent field
  /// @param highest exponent field that occurs
  static void sound(
      int[] bits,
      int from,
      int count,
      int[] markerOf,
      int highest,
      int[] data,
      int[] marker,
      int at) {
    if (!FloatLoops.areSimd()) {
      split(bits, from, 0, count, markerOf, data, marker, at);
      return;
    }
    int lowest = Math.max(0, highest - SIMD_STEP + 1);
    int done = 0;
    while (done < count) {
      done +=
          SimdFloats.split(
              bits, from + done, count - done, markerOf, lowest, data, marker, at + done);
      int end = Math.min(count, done + SIMD_STEP);
      split(bits, from, done, end, markerOf, data, marker, at);
      done = end;
    }
  }

  /// The same for components `start` to `count` - 1, by plain loops.
  static void split(
      int[] bits,
      int from,
      int start,
      int count,
      int[] markerOf,
      int[] data,
      int[] marker,
      int at) {
    // Two loops, because the compiler vectorises the first one when it is alone.
    for (int i = start; i < count; i++) {
      // The sign moves from bit 31 to bit 23 and above, so that the sample is a 24-bit number.
      data[at + i] = (bits[from + i] & 0x80000000) >> 8 | (bits[from + i] & 0x7FFFFF);
    }
    for (int i = start; i < count; i++) {
      marker[at + i] = markerOf[bits[from + i] >>> 23 & 0xFF];
    }
  }

  /// Makes samples of float64 components.
  ///
  /// @param rankOf ranks by exponent field
  /// @param lowBits how many bits of the mantissa go to the marker channel: 5, or 0 when they are 0
  static void sound(
      double[] vector, int from, int count, int[] rankOf, int lowBits, int[][] pcm, int at) {
    int[] high = pcm[0];
    int[] low = pcm[1];
    int[] marker = pcm[2];
    int lowMask = (1 << lowBits) - 1;
    for (int i = 0; i < count; i++) {
      long bits = Double.doubleToRawLongBits(vector[from + i]);
      high[at + i] = (int) (bits >> 63) << 23 | ((int) (bits >>> 29) & 0x7FFFFF);
      low[at + i] = (int) (bits << 3) >> 8;
      int rank = rankOf[(int) (bits >>> 52) & 0x7FF];
      marker[at + i] = unfold(rank << lowBits | ((int) bits & lowMask));
    }
  }
}
