package io.sonidb.flac;

/// Stereo decorrelation, made and undone (RFC 9639, 4.2 and 9.1.3): one channel was replaced by the
/// difference left - right, or both by the mean, rounded down, and the difference.
///
/// All methods that undo it return the union of `sample ^ sample >> 63` over the samples that they
/// made, computed wide enough that a sum that does not fit in the depth is always seen. A side
/// channel has one bit more than the others, so with 32 bits it is an array of `long`.
final class Stereo {

  private Stereo() {}

  /// Makes mean and difference of samples of at most 31 bits.
  static void decorrelate(int[] left, int[] right, int[] mid, int[] side, int size) {
    for (int i = 0; i < size; i++) {
      mid[i] = (left[i] + right[i]) >> 1;
      side[i] = left[i] - right[i];
    }
  }

  /// @param side becomes the right channel
  static long leftSide(int[] left, int[] side, int size) {
    long union = 0;
    for (int i = 0; i < size; i++) {
      long right = (long) left[i] - side[i];
      union |= right ^ right >> 63;
      side[i] = (int) right;
    }
    return union;
  }

  /// @param side becomes the left channel
  static long sideRight(int[] side, int[] right, int size) {
    long union = 0;
    for (int i = 0; i < size; i++) {
      long left = (long) side[i] + right[i];
      union |= left ^ left >> 63;
      side[i] = (int) left;
    }
    return union;
  }

  /// @param mid becomes the left channel
  /// @param side becomes the right channel
  static long midSide(int[] mid, int[] side, int size) {
    long union = 0;
    for (int i = 0; i < size; i++) {
      // Mean and difference of two numbers have the same last bit before the mean is halved.
      long sum = (long) mid[i] << 1 | (side[i] & 1);
      long left = (sum + side[i]) >> 1;
      long right = (sum - side[i]) >> 1;
      union |= (left ^ left >> 63) | (right ^ right >> 63);
      mid[i] = (int) left;
      side[i] = (int) right;
    }
    return union;
  }

  static long leftSide(int[] left, long[] side, int[] right, int size) {
    long union = 0;
    for (int i = 0; i < size; i++) {
      long sample = left[i] - side[i];
      union |= sample ^ sample >> 63;
      right[i] = (int) sample;
    }
    return union;
  }

  static long sideRight(long[] side, int[] left, int[] right, int size) {
    long union = 0;
    for (int i = 0; i < size; i++) {
      long sample = side[i] + right[i];
      union |= sample ^ sample >> 63;
      left[i] = (int) sample;
    }
    return union;
  }

  /// @param mid becomes the left channel
  static long midSide(int[] mid, long[] side, int[] right, int size) {
    long union = 0;
    for (int i = 0; i < size; i++) {
      long sum = (long) mid[i] << 1 | (side[i] & 1);
      long left = (sum + side[i]) >> 1;
      long sample = (sum - side[i]) >> 1;
      union |= (left ^ left >> 63) | (sample ^ sample >> 63);
      mid[i] = (int) left;
      right[i] = (int) sample;
    }
    return union;
  }
}
