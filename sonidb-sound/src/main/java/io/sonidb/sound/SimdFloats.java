package io.sonidb.sound;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Joins and splits float32 components, 16 at a time.
final class SimdFloats {
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_512;

  /// Three bytes, first to last, into the high ones of an int, highest to lowest.
  private static final VectorShuffle<Byte> UNPACK =
      VectorShuffle.fromOp(BYTES, i -> i % 4 == 0 ? 0 : i / 4 * 3 + 3 - i % 4);

  /// Components in a vector, and exponents in a table.
  static final int LANES = 16;

  /// Of a data sample: its sign fills bits 31 to 23, and only the topmost is wanted.
  static final int SIGN_AND_MANTISSA = 0x807FFFFF;

  private static final int MANTISSA = 0x7FFFFF;
  private static final int EXPONENT_BITS = 23;

  private SimdFloats() {}

  /// Only where a table of all lanes is one instruction.
  static boolean isWorthwhile() {
    return IntVector.SPECIES_PREFERRED.length() >= LANES;
  }

  /// Makes the bits of components until one's exponent is not among the nearest.
  ///
  /// @param near as [RecordAssembler] has it; only the half in the middle is used
  /// @param from where in `data` and `marker` the components begin
  /// @param start the first component
  /// @param at where in `out` the components begin
  /// @return the first component that is not done
  static int join(
      int[] near, int[] data, int[] marker, int from, int start, int count, int[] out, int at) {
    IntVector table = IntVector.fromArray(INTS, near, (near.length - LANES) / 2);
    int i = start;
    for (; i <= count - LANES; i += LANES) {
      IntVector place = IntVector.fromArray(INTS, marker, from + i).add(LANES / 2);
      IntVector exponent = place.selectFrom(table);
      // Negative if there is no such exponent, or the place is outside of the table.
      IntVector wrong = place.and(-LANES).neg().or(place).or(exponent);
      if (wrong.compare(VectorOperators.LT, 0).anyTrue()) {
        return i;
      }
      IntVector.fromArray(INTS, data, from + i)
          .and(SIGN_AND_MANTISSA)
          .or(exponent)
          .intoArray(out, at + i);
    }
    return i;
  }

  /// Makes the bits of components until one's exponent is not among those of the first 16 ranks, or
  /// the bytes come to their end.
  ///
  /// @param exponents by rank, in their place; negative where there is none
  /// @param bytes holds the data samples, three bytes each, from `at` on
  /// @param ranks holds the ranks of all samples, a byte each
  /// @param from the sample of the first component
  /// @param start the first component that is wanted
  /// @param outAt where in `out` the components begin
  /// @return the first component that is not done
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
    IntVector table = IntVector.fromArray(INTS, exponents, 0);
    // A vector takes a third more than the samples that are wanted of it.
    int last = Math.min(count - LANES, (bytes.length - BYTES.length() - at) / 3 - from);
    int i = start;
    for (; i <= last; i += LANES) {
      IntVector rank =
          ByteVector.fromArray(ByteVector.SPECIES_128, ranks, from + i)
              .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0)
              .reinterpretAsInts();
      IntVector exponent = rank.selectFrom(table);
      // Negative if there is no such exponent, or the rank is outside of the table.
      IntVector wrong = rank.and(-LANES).neg().or(exponent);
      if (wrong.compare(VectorOperators.LT, 0).anyTrue()) {
        return i;
      }
      ByteVector.fromArray(BYTES, bytes, at + 3 * (from + i))
          .rearrange(UNPACK)
          .reinterpretAsInts()
          .lanewise(VectorOperators.ASHR, 8)
          .and(SIGN_AND_MANTISSA)
          .or(exponent)
          .intoArray(out, outAt + i);
    }
    return i;
  }

  /// Makes samples of components until one's exponent is not among the 16 up to a highest one.
  ///
  /// @param from the first component in `bits`
  /// @param markerOf what the marker channel holds, by exponent field
  /// @param lowest the lowest of the 16 exponent fields
  /// @param at where in `data` and `marker` the samples begin
  /// @return how many it has made
  static int split(
      int[] bits,
      int from,
      int count,
      int[] markerOf,
      int lowest,
      int[] data,
      int[] marker,
      int at) {
    IntVector table = IntVector.fromArray(INTS, markerOf, lowest);
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      IntVector value = IntVector.fromArray(INTS, bits, from + i);
      IntVector place = value.lanewise(VectorOperators.LSHR, EXPONENT_BITS).and(0xFF).sub(lowest);
      if (place.compare(VectorOperators.UGE, LANES).anyTrue()) {
        return i;
      }
      place.selectFrom(table).intoArray(marker, at + i);
      value
          .lanewise(VectorOperators.ASHR, 31)
          .lanewise(VectorOperators.LSHL, EXPONENT_BITS)
          .or(value.and(MANTISSA))
          .intoArray(data, at + i);
    }
    return i;
  }
}
