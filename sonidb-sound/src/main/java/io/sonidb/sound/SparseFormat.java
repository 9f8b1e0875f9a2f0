package io.sonidb.sound;

/// Representation 4, `sparse`: most components are the same number, the *background*.
///
/// ```
/// 1 byte       bits 7..5 representation, 4; bit 4 background follows; bits 3..0 parameter of the
///              places
/// 4 or 8       only if the background follows: its bits; otherwise it is 0.0
/// 1 to 3       dimension, LEB128, 1 to 16,384
/// 1 to 3       how many other components there are, LEB128, 0 to the dimension
/// .            where they are: a [GapList] without marks
/// then         only if there are any: another representation, of the others
/// ```
///
/// Only the others have samples. A vector whose components are all the same has none.
final class SparseFormat {
  static final int BACKGROUND = 1 << 4;
  static final int PARAMETER_MASK = 0xF;

  /// The most bytes of places that a writer puts in a header.
  static final int MAX_PLACE_BYTES = 4096;

  /// The most bytes of the header, without the others' own.
  static final int MAX_BYTES = 1 + Double.BYTES + 3 + 3 + MAX_PLACE_BYTES;

  private SparseFormat() {}
}
