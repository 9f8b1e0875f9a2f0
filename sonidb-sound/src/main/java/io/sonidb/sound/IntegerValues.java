package io.sonidb.sound;

/// Reads components of representation `integer`, after [IntegerFormat]. All of it is attacker's
/// data.
final class IntegerValues {
  private final int dataChannels;
  private boolean unfolded;
  private boolean divides;
  private double scale = 1;
  private boolean stepped;

  IntegerValues(int dataChannels) {
    this.dataChannels = dataChannels;
  }

  /// How many bytes the header has, by its first one; 0 when that is for newer versions.
  static int size(int first) {
    int size = first & Scale.SIZES - 1;
    return switch (first >> IntegerFormat.SCALE_AT & 3) {
      case IntegerFormat.NO_SCALE -> size == 0 ? 1 : 0;
      case IntegerFormat.STEP -> 1 + Scale.bytes(size);
      case IntegerFormat.DECIMALS -> size == 0 ? 2 : 0;
      default -> 0;
    };
  }

  /// Reads a header of [#size] bytes; returns whether its scale can be used.
  boolean readHeader(byte[] header, int at) {
    int first = header[at];
    unfolded = (first & IntegerFormat.UNFOLDED) != 0;
    int kind = first >> IntegerFormat.SCALE_AT & 3;
    stepped = kind == IntegerFormat.STEP;
    divides = kind == IntegerFormat.DECIMALS;
    scale = 1;
    if (stepped) {
      scale = Scale.read(header, at + 1, first & Scale.SIZES - 1);
      return Scale.isUsable(scale);
    }
    if (divides) {
      int decimals = header[at + 1];
      if (decimals < 1 || decimals > IntegerFormat.MAX_DECIMALS) {
        return false;
      }
      scale = IntegerFormat.power(decimals);
    }
    return true;
  }

  /// The step, or 0 when the numbers have none.
  double step() {
    return stepped ? scale : 0;
  }

  /// Which of the samples has a marker channel that is not 0, or -1 when none has.
  private static int marked(int[] marker, int from, int count) {
    int seen = 0;
    for (int i = from; i < from + count; i++) {
      seen |= marker[i];
    }
    if (seen == 0) {
      return -1;
    }
    int at = from;
    while (marker[at] == 0) {
      at++;
    }
    return at;
  }

  /// Makes float32 components; returns -1, or the sample whose marker channel is not 0.
  int read(int[][] pcm, int width, int from, int count, int[] out, int at) {
    for (int i = 0; i < count; i++) {
      long number = number(pcm, width, from + i);
      out[at + i] = Float.floatToRawIntBits((float) IntegerFormat.value(number, divides, scale));
    }
    return marked(pcm[dataChannels], from, count);
  }

  /// Makes float64 components; returns -1, or the sample whose marker channel is not 0.
  int read(int[][] pcm, int width, int from, int count, long[] out, int at) {
    for (int i = 0; i < count; i++) {
      long number = number(pcm, width, from + i);
      out[at + i] = Double.doubleToRawLongBits(IntegerFormat.value(number, divides, scale));
    }
    return marked(pcm[dataChannels], from, count);
  }

  private long number(int[][] pcm, int width, int sample) {
    long word =
        dataChannels == 1
            ? pcm[0][sample] >> RecordFormat.BITS_PER_SAMPLE - width
            : ((long) pcm[0][sample] << 24 | pcm[1][sample] & 0xFFFFFF) >> 48 - width;
    return unfolded ? word << 1 ^ word >> 63 : word;
  }
}
