package io.sonidb.sound;

/// Reads the scale and the corrections of representation `grid`, after [GridFormat], and applies
/// them. All of it is attacker's data.
final class GridValues {
  private final GapList corrections = new GapList(true);
  private double scale = 1;
  private int announced;
  private int parameter;

  /// How many bytes the header has up to the scale, by its first one; 0 when that is for newer
  /// versions.
  static int size(int first) {
    boolean corrected = (first & GridFormat.CORRECTIONS) != 0;
    boolean known =
        (first & GridFormat.RESERVED) == 0 && (corrected || first < GridFormat.CORRECTIONS);
    return known ? 1 + Scale.bytes(first & Scale.SIZES - 1) : 0;
  }

  /// Reads a header of [#size] bytes; returns whether its scale can be used.
  boolean readHeader(byte[] header, int at) {
    int first = header[at];
    parameter = first >> GridFormat.PARAMETER_AT & GapList.MAX_PARAMETER;
    corrections.clear();
    scale = Scale.read(header, at + 1, first & Scale.SIZES - 1);
    return Scale.isUsable(scale);
  }

  /// Reads how many corrections there are; returns where they begin, or -1 when that is no number.
  int readCount(byte[] header, int at, int end) {
    int size = Leb128.sizeAt(header, at, end);
    long count = size < 0 ? 0 : Leb128.read(header, at, size);
    if (count < 1 || count > Vector.MAX_DIMENSION) {
      return -1;
    }
    announced = (int) count;
    return at + size;
  }

  /// The most bytes that the list of corrections can have.
  int mostBytes() {
    return GapList.mostBytes(announced, Vector.MAX_DIMENSION, parameter);
  }

  /// Reads the list of corrections; returns where it ends, or -1 when it is none.
  int readCorrections(byte[] header, int at, int end) {
    return corrections.read(header, at, end, announced, Vector.MAX_DIMENSION, parameter);
  }

  /// Makes components of numbers; returns whether all corrections have one.
  boolean apply(int[] bits, int count) {
    for (int i = 0; i < count; i++) {
      bits[i] = GridFormat.bits(Float.intBitsToFloat(bits[i]), scale);
    }
    if (corrections.last() >= count) {
      return false;
    }
    for (int i = 0; i < corrections.count(); i++) {
      bits[corrections.place(i)] += corrections.mark(i) ? -1 : 1;
    }
    return true;
  }

  double scale() {
    return scale;
  }
}
