package io.sonidb.sound;

/// float64 numbers that come from a narrower type: representation 5, `narrow`.
///
/// ```
/// 1 byte       bits 7..5 representation, 5; bits 4..3 how; bits 2..0: 0
/// then         the representation of a float32 vector
/// ```
///
/// *How* tells what becomes of a float32 number y of that vector:
///
/// ```
/// 0  y
/// 1  y as it is printed with the fewest decimals that lead back to y
/// 2  y, a float16 number, as it is printed with the fewest decimals that lead back to it
/// ```
///
/// What is printed and read again has an exact meaning: for n = 0, 1, 2, ... 22, let k be |y| *
/// 10^n, rounded to the nearest whole number (ties to even), and x be k / 10^n, both in doubles;
/// the first x that rounds to |y| in the narrower type, with y's sign, is the component. If there
/// is none, y is.
final class Decimals {
  static final int HOW_AT = 3;
  static final int AS_IT_IS = 0;
  static final int PRINTED = 1;
  static final int PRINTED_AS_HALF = 2;

  /// How many ways there are.
  static final int WAYS = 3;

  private Decimals() {}

  /// The float64 number that `number` stands for.
  static double widen(float number, int how) {
    return switch (how) {
      case PRINTED -> printed(number);
      case PRINTED_AS_HALF -> printedAsHalf(number);
      default -> number;
    };
  }

  private static double printed(float number) {
    float magnitude = Math.abs(number);
    for (int n = 0; n <= IntegerFormat.MAX_DECIMALS; n++) {
      double power = IntegerFormat.power(n);
      double printed = Math.rint(magnitude * power) / power;
      if ((float) printed == magnitude) {
        return Math.copySign(printed, number);
      }
    }
    return number;
  }

  private static double printedAsHalf(float number) {
    float magnitude = Math.abs(number);
    short half = Float.floatToFloat16(magnitude);
    if (Float.float16ToFloat(half) != magnitude) {
      return number;
    }
    for (int n = 0; n <= IntegerFormat.MAX_DECIMALS; n++) {
      double power = IntegerFormat.power(n);
      double printed = Math.rint(magnitude * power) / power;
      // By way of a float: both round to nearest, as the reader of this definition will do too.
      if (Float.floatToFloat16((float) printed) == half) {
        return Math.copySign(printed, number);
      }
    }
    return number;
  }

  /// The float32 number that a float64 one comes from, if `how` is how it does; as the nearest one
  /// or, for float16, the nearest of these.
  static float narrow(double number, int how) {
    float single = (float) number;
    return how == PRINTED_AS_HALF ? Float.float16ToFloat(Float.floatToFloat16(single)) : single;
  }

  /// Narrows all components.
  ///
  /// @return whether every one comes back to the bit
  static boolean narrow(double[] vector, int how, float[] into) {
    for (int i = 0; i < vector.length; i++) {
      float number = narrow(vector[i], how);
      // What processors make of a NaN's payload is not written down anywhere.
      if (Float.isNaN(number)
          || Double.doubleToRawLongBits(widen(number, how))
              != Double.doubleToRawLongBits(vector[i])) {
        return false;
      }
      into[i] = number;
    }
    return true;
  }

  /// Widens the float32 numbers whose bits are given.
  static void widen(int[] bits, int count, int how, long[] into) {
    for (int i = 0; i < count; i++) {
      into[i] = Double.doubleToRawLongBits(widen(Float.intBitsToFloat(bits[i]), how));
    }
  }
}
