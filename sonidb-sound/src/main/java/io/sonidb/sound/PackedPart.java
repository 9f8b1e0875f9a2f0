package io.sonidb.sound;

import io.sonidb.flac.FrameDecoder;

/// A float32 part as its frame holds it, before anything is copied out of it: the data channel is
/// three bytes a sample, the marker channel a byte, folded, so that it is the rank of an exponent.
final class PackedPart {
  private byte[] bytes = {};
  private int at;
  private byte[] ranks = {};

  /// Takes what a decoder has left in its frame.
  ///
  /// @return whether the frame looks as such a part does
  boolean take(FrameDecoder frame, byte[] in) {
    int plain = frame.plainSamples(0);
    if (plain < 0 || !frame.isFolded(1)) {
      return false;
    }
    bytes = in;
    at = plain;
    ranks = frame.foldedSamples();
    return true;
  }

  /// Copies bytes of the data channel, which begins with those of the header.
  void read(int first, int count, byte[] out, int outAt) {
    System.arraycopy(bytes, at + first, out, outAt, count);
  }

  /// The rank of a sample's exponent.
  int rank(int sample) {
    return ranks[sample] & 0xFF;
  }

  /// Sign and mantissa of a component, in their places.
  int signAndMantissa(int sample) {
    return signAndMantissa(bytes, at + 3 * sample);
  }

  private static int signAndMantissa(byte[] bytes, int at) {
    int data = bytes[at] << 16 | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF);
    return data & SimdFloats.SIGN_AND_MANTISSA;
  }

  /// Makes the bits of components until one's exponent is not in the table; 16 at a time if that
  /// pays.
  ///
  /// @param exponents by rank, in their place; negative where there is none
  /// @param from the sample of the first component
  /// @param start the first component that is wanted
  /// @return the first component that is not done
  int join(int[] exponents, int from, int start, int count, int[] out, int outAt) {
    boolean simd = FloatLoops.areSimd();
    int i = start;
    while (i < count) {
      if (simd) {
        i = SimdFloats.join(exponents, bytes, at, ranks, from, i, count, out, outAt);
      }
      // Behind what SIMD gave up at, it can go on.
      int end = simd ? Math.min(count, i + SimdFloats.LANES) : count;
      i = join(exponents, bytes, at, ranks, from, i, end, out, outAt);
      if (i < end) {
        return i;
      }
    }
    return i;
  }

  /// As [SimdFloats#join(int\[\], byte\[\], int, byte\[\], int, int, int, int\[\], int)], by plain
  /// loops and for ranks of the whole table.
  static int join(
      int[] exponents,
      byte[] bytes,
      int at,
      byte[] ranks,
      int from,
      int start,
      int count,
      int[] out,
      int outAt) {
    for (int i = start; i < count; i++) {
      int rank = ranks[from + i] & 0xFF;
      int exponent = rank < exponents.length ? exponents[rank] : -1;
      if (exponent < 0) {
        return i;
      }
      out[outAt + i] = signAndMantissa(bytes, at + 3 * (from + i)) | exponent;
    }
    return count;
  }
}
