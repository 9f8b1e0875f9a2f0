package io.sonidb.sound;

import java.util.Arrays;

/// Reads the header of representation `sparse`, after [SparseFormat], and puts the components in
/// their places. All of it is attacker's data.
final class SparseValues {
  private final GapList places = new GapList(false);
  private long background;
  private int dimension;
  private int others;
  private int parameter;

  /// How many bytes the background has, by the header's first byte.
  static int backgroundBytes(int first, int componentBytes) {
    return (first & SparseFormat.BACKGROUND) != 0 ? componentBytes : 0;
  }

  /// Reads all up to the places; returns where these begin, or -1 when a number is none.
  ///
  /// @param at where the header begins; it and the background are there
  int readCounts(byte[] header, int at, int end, int componentBytes) {
    parameter = header[at] & SparseFormat.PARAMETER_MASK;
    int told = backgroundBytes(header[at], componentBytes);
    background = IdFormat.readBigEndian(header, at + 1, told);
    int next = at + 1 + told;
    int size = Leb128.sizeAt(header, next, end);
    long announced = size < 0 ? 0 : Leb128.read(header, next, size);
    if (announced < 1 || announced > Vector.MAX_DIMENSION) {
      return -1;
    }
    dimension = (int) announced;
    next += size;
    size = Leb128.sizeAt(header, next, end);
    announced = size < 0 ? -1 : Leb128.read(header, next, size);
    if (announced < 0 || announced > dimension) {
      return -1;
    }
    others = (int) announced;
    return next + size;
  }

  /// The most bytes that the places can have.
  int mostBytes() {
    return GapList.mostBytes(others, dimension, parameter);
  }

  /// Reads the places; returns where they end, or -1 when they are none.
  int readPlaces(byte[] header, int at, int end) {
    return places.read(header, at, end, others, dimension, parameter);
  }

  int dimension() {
    return dimension;
  }

  /// How many components have samples.
  int others() {
    return others;
  }

  /// Spreads the others, which lie at the start of `bits`, over the whole of it.
  void spread(int[] bits) {
    int end = dimension;
    // From behind, so that each is moved before its place is taken.
    for (int i = others - 1; i >= 0; i--) {
      int place = places.place(i);
      int moved = bits[i];
      Arrays.fill(bits, place + 1, end, (int) background);
      bits[place] = moved;
      end = place;
    }
    Arrays.fill(bits, 0, end, (int) background);
  }

  /// As the other, for float64.
  void spread(long[] bits) {
    int end = dimension;
    for (int i = others - 1; i >= 0; i--) {
      int place = places.place(i);
      long moved = bits[i];
      Arrays.fill(bits, place + 1, end, background);
      bits[place] = moved;
      end = place;
    }
    Arrays.fill(bits, 0, end, background);
  }
}
