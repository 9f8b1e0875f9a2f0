package io.sonidb.sound;

/// The bit string of a part's header: bytes in the upper bits of the data channels' samples.
///
/// One or two data channels make a data word of 24 or 48 bits; the upper `width` bits of each carry
/// the string, most significant bit first.
final class DataBits {
  private DataBits() {}

  /// How many samples `bytes` bytes need.
  static int samples(int bytes, int width) {
    return (8 * bytes + width - 1) / width;
  }

  /// Writes bytes to the data channels from sample 0 on.
  ///
  /// @param pcm all channels; the last one, the marker channel, is left alone
  /// @param width 1 to 24 for one data channel, 1 to 48 for two
  /// @return how many samples were written
  static int write(byte[] bytes, int from, int count, int[][] pcm, int at, int width) {
    if (width == 24 && pcm.length == 2) {
      return writeTriples(bytes, from, count, pcm[0], at);
    }
    int sample = at;
    long mask = (1L << width) - 1;
    long word = 0;
    int filled = 0;
    for (int i = from; i < from + count; i++) {
      word = word << 8 | (bytes[i] & 0xFF);
      filled += 8;
      while (filled >= width) {
        filled -= width;
        put((word >>> filled) & mask, pcm, sample++, width);
      }
    }
    if (filled > 0) {
      put(word << (width - filled) & mask, pcm, sample++, width);
    }
    return sample - at;
  }

  private static int writeTriples(byte[] bytes, int from, int count, int[] channel, int at) {
    int sample = at;
    int i = from;
    for (; i <= from + count - 3; i += 3) {
      channel[sample++] = bytes[i] << 16 | (bytes[i + 1] & 0xFF) << 8 | (bytes[i + 2] & 0xFF);
    }
    int rest = from + count - i;
    if (rest > 0) {
      channel[sample++] = bytes[i] << 16 | (rest == 2 ? (bytes[i + 1] & 0xFF) << 8 : 0);
    }
    return sample - at;
  }

  private static void put(long bits, int[][] pcm, int sample, int width) {
    if (pcm.length == 2) {
      pcm[0][sample] = (int) bits << (32 - width) >> 8;
    } else {
      long word = bits << (48 - width);
      pcm[0][sample] = (int) (word >>> 16) >> 8;
      pcm[1][sample] = (int) (word << 8) >> 8;
    }
  }

  /// Reads bytes `first` to `first + count - 1` of the string that begins at sample 0 of `pcm`.
  ///
  /// @param width as it was written with
  static void read(int[][] pcm, int width, int first, int count, byte[] out, int at) {
    if (count == 0) {
      return;
    }
    if (width == 24 && pcm.length == 2) {
      readTriples(pcm[0], first, count, out, at);
      return;
    }
    long firstBit = 8L * first;
    int sample = (int) (firstBit / width);
    int skipped = (int) (firstBit % width);
    long word = word(pcm, sample++, width) & (1L << (width - skipped)) - 1;
    int filled = width - skipped;
    for (int i = at; i < at + count; i++) {
      while (filled < 8) {
        word = word << width | word(pcm, sample++, width);
        filled += width;
      }
      filled -= 8;
      out[i] = (byte) (word >>> filled);
    }
  }

  private static void readTriples(int[] channel, int first, int count, byte[] out, int at) {
    int sample = first / 3;
    int shift = 16 - 8 * (first % 3);
    for (int i = at; i < at + count; i++) {
      out[i] = (byte) (channel[sample] >> shift);
      shift -= 8;
      if (shift < 0) {
        shift = 16;
        sample++;
      }
    }
  }

  private static long word(int[][] pcm, int sample, int width) {
    if (pcm.length == 2) {
      return (pcm[0][sample] & 0xFFFFFFL) >>> (24 - width);
    }
    long word = (pcm[0][sample] & 0xFFFFFFL) << 24 | (pcm[1][sample] & 0xFFFFFF);
    return word >>> (48 - width);
  }
}
