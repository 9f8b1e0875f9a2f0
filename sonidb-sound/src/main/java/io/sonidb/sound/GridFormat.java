package io.sonidb.sound;

/// Representation 2, `grid`: float32 components that are numbers of few bits times one scale.
///
/// ```
/// 1 byte       bits 7..5 representation, 2; order, zero rank, far as in `float`
/// .            reference exponent, far exponents as in `float`
/// 1 byte       bit 7: 0; bits 6..3 parameter of the corrections; bit 2 corrections follow;
///              bits 1..0 size of the scale
/// 2, 4, 6, 8   scale: the first 2 * (size + 1) bytes of a double, finite and above 0
/// 1 to 3       only if corrections: how many, LEB128, 1 to 16,384
/// .            only if corrections: a [GapList] with marks
/// ```
///
/// The samples hold a float32 number h for each component, in the layout of `float`; h * scale,
/// computed in doubles and rounded to float32, is the component. In the places of the corrections
/// its bits, taken as a number, are 1 more, or, if marked, 1 less.
///
/// Services that compute in float16 and then normalise in float32 make such vectors: all low bits
/// of h are 0, and the shift leaves them out.
final class GridFormat {
  static final int PARAMETER_AT = 3;
  static final int CORRECTIONS = 1 << 2;
  static final int RESERVED = 1 << 7;

  private GridFormat() {}

  /// The bits of the component that `number` stands for, but for corrections.
  static int bits(float number, double scale) {
    return Float.floatToRawIntBits((float) (number * scale));
  }
}
