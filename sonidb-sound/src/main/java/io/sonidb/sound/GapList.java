package io.sonidb.sound;

import java.util.Arrays;

/// Places in a vector, ascending, each with a mark if need be; and the bit string that they are in
/// a header.
///
/// ```
/// for each place: how many components are between it and the place before it (or the start),
/// as a Rice code: the number >> parameter in unary (zeros, then a one), its low bits;
/// then, where places are marked, the mark: 1 bit. Filled with zero bits to a whole byte
/// ```
///
/// Under parameter 0 this is a bitmap that ends with its last one; under a higher one it takes a
/// little more than the entropy of places that are drawn by lot.
final class GapList {
  /// Gaps are below 2^14, so no parameter above 14 is ever of use.
  static final int MAX_PARAMETER = 15;

  private final boolean marked;
  private int[] places = new int[16];
  private boolean[] marks = new boolean[0];
  private int count;
  private int parameter;
  private long bits;

  /// @param marked whether each place has a mark
  GapList(boolean marked) {
    this.marked = marked;
  }

  void clear() {
    count = 0;
  }

  void add(int place, boolean mark) {
    if (count == places.length) {
      places = Arrays.copyOf(places, 2 * count);
    }
    if (marked && marks.length < places.length) {
      marks = Arrays.copyOf(marks, places.length);
    }
    if (marked) {
      marks[count] = mark;
    }
    places[count++] = place;
  }

  int count() {
    return count;
  }

  int place(int index) {
    return places[index];
  }

  boolean mark(int index) {
    return marks[index];
  }

  /// The last place, or -1 when there is none.
  int last() {
    return count == 0 ? -1 : places[count - 1];
  }

  private int gap(int index) {
    return index == 0 ? places[0] : places[index] - places[index - 1] - 1;
  }

  /// Chooses the parameter under which the bit string is shortest.
  void chooseParameter() {
    parameter = 0;
    bits = bits(0);
    for (int k = 1; k <= MAX_PARAMETER && (long) count * (k + 1) < bits; k++) {
      long now = bits(k);
      if (now < bits) {
        bits = now;
        parameter = k;
      }
    }
  }

  private long bits(int k) {
    long sum = (long) count * (marked ? k + 2 : k + 1);
    for (int i = 0; i < count; i++) {
      sum += gap(i) >> k;
    }
    return sum;
  }

  int parameter() {
    return parameter;
  }

  /// How many bytes [#write] writes.
  int bytes() {
    return (int) ((bits + 7) >> 3);
  }

  /// Writes the bit string under the chosen parameter; returns where it ends.
  int write(byte[] out, int offset) {
    int end = offset + bytes();
    Arrays.fill(out, offset, end, (byte) 0);
    int at = 8 * offset;
    for (int i = 0; i < count; i++) {
      int gap = gap(i);
      at += gap >> parameter;
      out[at >> 3] |= (byte) (0x80 >> (at & 7));
      at++;
      for (int bit = parameter - 1; bit >= 0; bit--) {
        out[at >> 3] |= (byte) ((gap >> bit & 1) << 7 - (at & 7));
        at++;
      }
      if (marked) {
        out[at >> 3] |= (byte) ((marks[i] ? 1 : 0) << 7 - (at & 7));
        at++;
      }
    }
    return end;
  }

  /// The most bytes that a bit string of `announced` places below `limit` can have.
  static int mostBytes(int announced, int limit, int k) {
    return (announced * (k + 2) + (limit >> k) + 7 >> 3) + 1;
  }

  /// Reads a bit string; returns where it ends, or -1 when it is none: it goes on beyond `end`, or
  /// a place is not below `limit`, or it is not filled with zero bits.
  ///
  /// @param announced how many places
  int read(byte[] in, int offset, int end, int announced, int limit, int k) {
    clear();
    int at = 8 * offset;
    int stop = 8 * end;
    int place = -1;
    for (int i = 0; i < announced; i++) {
      int high = 0;
      while (at < stop && bit(in, at) == 0) {
        high++;
        at++;
      }
      int tail = marked ? k + 1 : k;
      if (high > limit >> k || at + 1 + tail > stop) {
        return -1;
      }
      at++;
      int gap = high;
      for (int bit = 0; bit < k; bit++) {
        gap = gap << 1 | bit(in, at++);
      }
      place += 1 + gap;
      if (place >= limit) {
        return -1;
      }
      add(place, marked && bit(in, at++) == 1);
    }
    for (; (at & 7) != 0; at++) {
      if (bit(in, at) != 0) {
        return -1;
      }
    }
    return at >> 3;
  }

  private static int bit(byte[] in, int at) {
    return in[at >> 3] >> 7 - (at & 7) & 1;
  }
}
