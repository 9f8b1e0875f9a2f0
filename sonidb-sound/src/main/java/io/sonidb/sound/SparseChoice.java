package io.sonidb.sound;

import java.util.Arrays;

/// Finds out whether many components of a vector are the same number, after [SparseFormat].
///
/// Sixteen components, spread evenly, are compared with each other. If no two are the same there is
/// no number worth the list of places, and a vector of noise is done with.
final class SparseChoice {
  private static final int SAMPLES = 16;

  /// With a smaller part of the components than one in this the background saves nothing.
  private static final int LEAST_SHARE = 16;

  private static final int HASH_BITS = 10;
  private static final long HASH_FACTOR = 0x9E3779B97F4A7C15L;

  private final int componentBytes;
  private final boolean single;
  private final long[] sampled = new long[SAMPLES];
  private final long[] hashes = new long[(1 << HASH_BITS) / Long.SIZE];
  private final GapList places = new GapList(false);
  private long background;
  private int dimension;

  SparseChoice(ElementType element) {
    single = element == ElementType.FLOAT32;
    componentBytes = element.bits() / Byte.SIZE;
  }

  private long bits(Vector vector, int index) {
    // Not by way of a double, which would make two of a float's NaNs the same.
    return single
        ? Float.floatToRawIntBits(vector.floats()[index]) & 0xFFFFFFFFL
        : Double.doubleToRawLongBits(vector.doubles()[index]);
  }

  /// Whether there is a background, and places that fit in a header.
  ///
  /// @param least how many others of the sixteen components that are looked at must be the same as
  ///   one of them; in a vector of one component 1 is taken for granted
  boolean isFound(Vector vector, int least) {
    dimension = vector.dimension();
    return findBackground(vector, least) && listOthers(vector);
  }

  private boolean findBackground(Vector vector, int least) {
    int count = Math.min(SAMPLES, dimension);
    for (int i = 0; i < count; i++) {
      sampled[i] = bits(vector, (int) ((long) i * dimension / count));
    }
    if (dimension > 1 && areSurelyDifferent(count)) {
      return false;
    }
    int most = dimension == 1 ? 1 : 0;
    background = sampled[0];
    for (int i = 0; i < count; i++) {
      int same = 0;
      for (int j = i + 1; j < count; j++) {
        same += sampled[i] == sampled[j] ? 1 : 0;
      }
      if (same > most) {
        most = same;
        background = sampled[i];
      }
    }
    return most >= least;
  }

  /// Whether no two of the numbers sampled have the same hash of ten bits.
  private boolean areSurelyDifferent(int count) {
    Arrays.fill(hashes, 0);
    long twice = 0;
    for (int i = 0; i < count; i++) {
      int hash = (int) (sampled[i] * HASH_FACTOR >>> Long.SIZE - HASH_BITS);
      long bit = 1L << hash;
      twice |= hashes[hash >>> 6] & bit;
      hashes[hash >>> 6] |= bit;
    }
    return twice == 0;
  }

  private boolean listOthers(Vector vector) {
    places.clear();
    int mostOthers = dimension - Math.ceilDiv(dimension, LEAST_SHARE);
    for (int i = 0; i < dimension; i++) {
      if (bits(vector, i) != background) {
        if (places.count() == mostOthers) {
          return false;
        }
        places.add(i, false);
      }
    }
    places.chooseParameter();
    return places.bytes() <= SparseFormat.MAX_PLACE_BYTES;
  }

  /// How many components are not the background.
  int others() {
    return places.count();
  }

  /// A vector of the components that are not the background, of which there is at least one.
  Vector vectorOfOthers(Vector vector) {
    int count = places.count();
    if (single) {
      float[] others = new float[count];
      for (int i = 0; i < count; i++) {
        others[i] = vector.floats()[places.place(i)];
      }
      return Vector.sharing(others);
    }
    double[] others = new double[count];
    for (int i = 0; i < count; i++) {
      others[i] = vector.doubles()[places.place(i)];
    }
    return Vector.sharing(others);
  }

  /// How many bytes [#writeHeader] writes.
  int headerBytes() {
    return 1
        + (background == 0 ? 0 : componentBytes)
        + Leb128.size(dimension)
        + Leb128.size(places.count())
        + places.bytes();
  }

  /// Writes the header, without the others' own; returns where it ends.
  int writeHeader(byte[] out, int offset) {
    boolean told = background != 0;
    out[offset] =
        (byte)
            (RecordFormat.SPARSE << RecordFormat.REPRESENTATION_AT
                | (told ? SparseFormat.BACKGROUND : 0)
                | places.parameter());
    int at = offset + 1;
    if (told) {
      IdFormat.writeBigEndian(background, componentBytes, out, at);
      at += componentBytes;
    }
    at = Leb128.write(dimension, out, at);
    at = Leb128.write(places.count(), out, at);
    return places.write(out, at);
  }
}
