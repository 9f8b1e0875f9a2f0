package io.sonidb.sound;

/// The four built-in orders in which exponents are given their ranks.
///
/// An order lists offsets from the record's reference exponent, the most frequent first: the
/// exponents of a Gaussian of sigma 2^0, 2^0.25, 2^0.5 and 2^0.75. Sixteen offsets are listed; then
/// come all others by their distance from 0, negative before positive.
///
/// An offset may lead out of the range of exponents: its rank is then never used. When exponent
/// field 0 (zeros and subnormals) has a rank of its own, that rank is inserted, and the ranks from
/// there on move up by one.
final class ExponentOrders {
  /// How many orders there are.
  static final int COUNT = 4;

  private static final int[][] FIRST = {
    {-1, 0, -2, -3, -4, 1, -5, -6, -7, -8, -9, -10, -11, -12, -13, 2},
    {0, -1, -2, 1, -3, -4, -5, -6, -7, -8, -9, 2, -10, -11, -12, -13},
    {0, -1, 1, -2, -3, -4, -5, -6, 2, -7, -8, -9, -10, -11, -12, -13},
    {0, 1, -1, -2, -3, -4, 2, -5, -6, -7, -8, -9, -10, -11, -12, -13},
  };

  private ExponentOrders() {}

  /// The offsets of every rank, for exponent fields from 0 to `maxExponent`: `2 * maxExponent + 1`
  /// of them.
  static short[] offsets(int order, int maxExponent) {
    short[] offsets = new short[2 * maxExponent + 1];
    boolean[] taken = new boolean[offsets.length];
    int rank = 0;
    for (int offset : FIRST[order]) {
      offsets[rank++] = (short) offset;
      taken[maxExponent + offset] = true;
    }
    for (int distance = 0; distance <= maxExponent; distance++) {
      if (!taken[maxExponent - distance]) {
        offsets[rank++] = (short) -distance;
        taken[maxExponent - distance] = true;
      }
      if (!taken[maxExponent + distance]) {
        offsets[rank++] = (short) distance;
        taken[maxExponent + distance] = true;
      }
    }
    return offsets;
  }

  /// The inverse of [#offsets]: the rank of offset `o` lies at `o + maxExponent`.
  static short[] ranks(int order, int maxExponent) {
    short[] offsets = offsets(order, maxExponent);
    short[] ranks = new short[offsets.length];
    for (int rank = 0; rank < offsets.length; rank++) {
      ranks[offsets[rank] + maxExponent] = (short) rank;
    }
    return ranks;
  }
}
