package io.sonidb.sound;

/// Representation 3, `integer`: components that are whole numbers, times a step or over a power of
/// ten.
///
/// ```
/// 1 byte       bits 7..5 representation, 3; bit 4 unfolded; bits 3..2 scale; bits 1..0 size
/// scale 0      none: size 0, and no bytes
/// scale 1      step: 2 * (size + 1) bytes, the first of a double
/// scale 2      decimals: size 0, and 1 byte, how many, 1 to 22
/// ```
///
/// A sample's data word, of which the shift leaves the upper `width` bits, is the number in two's
/// complement; the marker channel is 0. *Unfolded* numbers are not negative: 0, -1, 1, -2, 2 stand
/// for 0, 1, 2, 3, 4, so that the Rice coder, which folds, wastes no bit on signs.
///
/// A number k becomes the component
///
/// ```
/// none       k
/// step       k * step, rounded to a double
/// decimals   k / 10^decimals, rounded to a double
/// ```
///
/// and float32 components are that rounded once more. Numbers have at most 24 bits (48 in float64),
/// so k is exact in a double, and so is 10^22. Writers prove every component by this very
/// arithmetic.
final class IntegerFormat {
  static final int UNFOLDED = 1 << 4;
  static final int SCALE_AT = 2;
  static final int NO_SCALE = 0;
  static final int STEP = 1;
  static final int DECIMALS = 2;

  /// The first power of ten that is no double.
  private static final int INEXACT_POWER = 23;

  static final int MAX_DECIMALS = INEXACT_POWER - 1;

  /// The most bytes of the vector's header.
  static final int MAX_BYTES = 1 + Double.BYTES;

  private static final double[] POWERS = powers();

  private IntegerFormat() {}

  private static double[] powers() {
    double[] powers = new double[INEXACT_POWER];
    for (int i = 0; i < powers.length; i++) {
      powers[i] = Double.parseDouble("1e" + i);
    }
    return powers;
  }

  /// 10 to the power of `decimals`, exact.
  static double power(int decimals) {
    return POWERS[decimals];
  }

  /// The component, before it is rounded to its type, that a number stands for.
  ///
  /// @param divides whether `scale` is a power of ten to divide by, and not a step
  static double value(long number, boolean divides, double scale) {
    return divides ? number / scale : number * scale;
  }
}
