package io.sonidb.sound;

/// How a scale stands in a header: the first 2, 4, 6 or 8 bytes of a double. The bytes left out are
/// 0, so a power of two takes two bytes and a float at most six.
final class Scale {
  /// How many sizes there are: two bits say which.
  static final int SIZES = 4;

  private Scale() {}

  /// Which of the sizes a scale has: 0 to 3.
  static int sizeCode(double scale) {
    int zeros = Long.numberOfTrailingZeros(Double.doubleToRawLongBits(scale));
    return SIZES - 1 - Math.min(SIZES - 1, zeros >>> 4);
  }

  /// How many bytes a size stands for.
  static int bytes(int sizeCode) {
    return 2 * (sizeCode + 1);
  }

  static void write(double scale, int sizeCode, byte[] out, int at) {
    long bits = Double.doubleToRawLongBits(scale);
    IdFormat.writeBigEndian(bits >>> 64 - 8 * bytes(sizeCode), bytes(sizeCode), out, at);
  }

  static double read(byte[] in, int at, int sizeCode) {
    int size = bytes(sizeCode);
    return Double.longBitsToDouble(IdFormat.readBigEndian(in, at, size) << 64 - 8 * size);
  }

  /// Whether a scale may be used: with another one, no component would be what it says.
  static boolean isUsable(double scale) {
    return scale > 0 && scale < Double.POSITIVE_INFINITY;
  }
}
