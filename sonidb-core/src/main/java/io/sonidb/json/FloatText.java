package io.sonidb.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Float32 numbers as decimals, straight from and to bytes.
///
/// Printing gives what [Float#toString(float)] gives, the shortest decimal that comes back with the
/// same bits, by the method of Raffaello Giulietti, "The Schubfach way to render doubles" (2022),
/// for 24 bits: a product with a power of ten from a table, of which 95 bits are enough to know
/// which decimals round to the number. Reading uses that a float64 has 29 bits more than a float32:
/// a quotient that is off by a few of its last places still tells the nearest float32, unless it
/// lies at the middle of two.
final class FloatText {
  /// Bytes that must be free for one number, though fewer are used.
  static final int ROOM = 24;

  /// The most significant digits that [#read] takes.
  static final int MAX_DIGITS = 18;

  private static final int FRACTION_BITS = 23;
  private static final int HIDDEN = 1 << FRACTION_BITS;
  private static final int MAX_EXPONENT = 0xFF;
  private static final int LEAST_POWER = -149; // of two, of a subnormal number's last bit
  private static final int TINY = 8;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final byte[] NAN = "\"NaN\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] INFINITY = "\"Infinity\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] MINUS_INFINITY = "\"-Infinity\"".getBytes(StandardCharsets.US_ASCII);

  // 10^-k scaled to 63 bits, rounded up, for each k that a float32 may need.
  private static final int LEAST_K = -45;
  private static final int MOST_K = 31;
  private static final long[] SCALES = new long[MOST_K - LEAST_K + 1];

  private static final int[] POWERS = new int[10];

  // Powers of ten as float64: exact up to 22, to half a last place beyond.
  private static final int MOST_POWER = 60;
  private static final double[] TENS = new double[MOST_POWER + 1];

  static {
    for (int k = LEAST_K; k <= MOST_K; k++) {
      int shift = 62 - log2OfPower10(-k);
      BigInteger ten = BigInteger.TEN.pow(Math.abs(k));
      BigInteger scaled =
          k > 0
              ? BigInteger.ONE.shiftLeft(shift).divide(ten)
              : shift >= 0 ? ten.shiftLeft(shift) : ten.shiftRight(-shift);
      SCALES[k - LEAST_K] = scaled.longValueExact() + 1;
    }
    int power = 1;
    for (int i = 0; i < POWERS.length; i++) {
      POWERS[i] = power;
      power *= 10;
    }
    for (int i = 0; i < TENS.length; i++) {
      TENS[i] = Double.parseDouble("1e" + i);
    }
  }

  private FloatText() {}

  // Logarithms of powers, rounded down, right for all exponents of float32.

  private static int log10OfPower2(int exponent) {
    return exponent * 315_653 >> 20;
  }

  private static int log10OfThreeQuartersOfPower2(int exponent) {
    return exponent * 631_305 - 261_663 >> 21;
  }

  private static int log2OfPower10(int exponent) {
    return exponent * 1_741_647 >> 19;
  }

  // Writing ----------------------------------------------------------------------------------

  /// Writes a number; NaN and infinities as strings.
  ///
  /// @param to has [#ROOM] bytes from `at` on
  /// @return where the next byte goes
  static int write(float value, byte[] to, int at) {
    int bits = Float.floatToRawIntBits(value);
    int exponent = bits >>> FRACTION_BITS & MAX_EXPONENT;
    int fraction = bits & HIDDEN - 1;
    if (exponent == MAX_EXPONENT) {
      return copy(fraction != 0 ? NAN : bits < 0 ? MINUS_INFINITY : INFINITY, to, at);
    }
    to[at] = '-'; // overwritten if it is not wanted: signs cannot be foreseen, and jumps cost more
    int next = at + (bits >>> 31);
    if (exponent != 0) {
      return shortest(
          exponent - 1 + LEAST_POWER,
          fraction | HIDDEN,
          0,
          exponent > 1 && fraction == 0,
          to,
          next);
    }
    if (fraction == 0) {
      to[next] = '0';
      to[next + 1] = '.';
      to[next + 2] = '0';
      return next + 3;
    }
    // Of so few bits one digit would do; the nearest of two digits is wanted.
    return fraction < TINY
        ? shortest(LEAST_POWER, 10 * fraction, -1, false, to, next)
        : shortest(LEAST_POWER, fraction, 0, false, to, next);
  }

  private static int copy(byte[] word, byte[] to, int at) {
    System.arraycopy(word, 0, to, at, word.length);
    return at + word.length;
  }

  /// Writes `c` times 2^`q` times 10^`more` as the shortest decimal within half a unit of `c`; of
  /// equally short ones the nearest.
  ///
  /// @param isPower whether the number below is nearer than the one above
  private static int shortest(int q, int c, int more, boolean isPower, byte[] to, int at) {
    int k = isPower ? log10OfThreeQuartersOfPower2(q) : log10OfPower2(q);
    int shift = q + log2OfPower10(-k) + 33;
    long scale = SCALES[k - LEAST_K];
    // Four times the number and the ends of what rounds to it, in units of 10^k.
    long four = 4L * c;
    int number = product(scale, four << shift);
    int low = product(scale, (isPower ? four - 1 : four - 2) << shift);
    int high = product(scale, four + 2 << shift);
    int isOdd = c & 1; // then the ends themselves round to another number
    int down = number >> 2;
    if (down >= 100) {
      int tens = down / 10 * 10;
      boolean isBelowGood = low + isOdd <= tens << 2;
      boolean isAboveGood = (tens + 10 << 2) + isOdd <= high;
      if (isBelowGood != isAboveGood) {
        return decimal(isBelowGood ? tens : tens + 10, k, to, at);
      }
    }
    boolean isDownGood = low + isOdd <= down << 2;
    boolean isUpGood = (down + 1 << 2) + isOdd <= high;
    int rest = number - (2 * down + 1 << 1);
    boolean isDownNearer = rest < 0 || rest == 0 && (down & 1) == 0;
    boolean takesDown = isDownGood != isUpGood ? isDownGood : isDownNearer;
    return decimal(takesDown ? down : down + 1, k + more, to, at);
  }

  /// The high bits of a product; the last one says whether any below it are set, too.
  private static int product(long scale, long factor) {
    long high = Math.multiplyHigh(scale, factor);
    return (int) (high >>> 31 | (high & 0x7FFF_FFFFL) + 0x7FFF_FFFFL >>> 31);
  }

  /// Writes `f` times 10^`k`, without trailing zeros.
  private static int decimal(int f, int k, byte[] to, int at) {
    int length = (32 - Integer.numberOfLeadingZeros(f)) * 1233 >> 12;
    length += POWERS[length] - 1 - f >>> 31; // one more if it is that power, or above
    int nine = f * POWERS[9 - length];
    int point = k + length; // the number is 0.ddddddddd times 10^point
    int first = nine / 100_000_000;
    long rest = digits(nine - first * 100_000_000);
    int left = 8 - (Long.numberOfLeadingZeros(rest) >>> 3); // without trailing zeros
    rest += 0x3030_3030_3030_3030L;
    if (point > -3 && point <= 0) {
      to[at] = '0';
      to[at + 1] = '.';
      to[at + 2] = '0';
      to[at + 3] = '0';
      int next = at + 2 - point;
      to[next] = (byte) ('0' + first);
      LONG.set(to, next + 1, rest);
      return next + 1 + left;
    }
    if (point > 0 && point <= 7) {
      to[at] = (byte) ('0' + first);
      long whole = rest & (1L << 8 * (point - 1)) - 1;
      LONG.set(to, at + 1, whole);
      to[at + point] = '.';
      LONG.set(to, at + point + 1, rest >>> 8 * (point - 1));
      // One digit behind the point at least; behind the eighth there is none to shift in.
      return at + point + 1 + Math.max(1, left - (point - 1));
    }
    to[at] = (byte) ('0' + first);
    to[at + 1] = '.';
    LONG.set(to, at + 2, rest);
    int next = at + 2 + Math.max(1, left);
    to[next++] = 'E';
    int exponent = point - 1;
    if (exponent < 0) {
      to[next++] = '-';
      exponent = -exponent;
    }
    if (exponent >= 10) {
      to[next++] = (byte) ('0' + exponent / 10);
    }
    to[next++] = (byte) ('0' + exponent % 10);
    return next;
  }

  /// The eight digits of a number, the first in the lowest byte.
  private static long digits(int number) {
    long fours = number / 10_000 | (long) (number % 10_000) << 32;
    long hundreds = (fours * 10_486 >>> 20) & 0x0000_007F_0000_007FL;
    long twos = hundreds | fours - 100 * hundreds << 16;
    long tens = (twos * 103 >>> 10) & 0x000F_000F_000F_000FL;
    return tens | twos - 10 * tens << 8;
  }

  // Reading ----------------------------------------------------------------------------------

  /// The float32 nearest to a decimal.
  ///
  /// @param digits of up to [#MAX_DIGITS] digits, not negative
  /// @param exponent of ten
  /// @return NaN if it takes more to know which it is
  static float read(long digits, int exponent) {
    if (digits == 0) {
      return 0;
    }
    if (exponent < -MOST_POWER || exponent > MOST_POWER) {
      return Float.NaN;
    }
    // Three roundings at most: off by less than two of its last places.
    double near = exponent < 0 ? digits / TENS[-exponent] : digits * TENS[exponent];
    long below = Double.doubleToRawLongBits(near) & 0x1FFF_FFFFL; // what a float32 has no room for
    boolean isMiddle = below >= 0x1000_0000L - 4 && below <= 0x1000_0000L + 4;
    return isMiddle || near < Float.MIN_NORMAL || near >= Float.MAX_VALUE
        ? Float.NaN
        : (float) near;
  }
}
