package io.sonidb.sound;

import java.util.Arrays;

/// Finds out whether a vector's components are whole numbers, times a step or over a power of ten,
/// and how these numbers are best written, after [IntegerFormat].
///
/// Each way gives up at the first component that is none, which in a vector of noise is one of the
/// first: so looking costs next to nothing. Every component is proved by computing it as a reader
/// does, and comparing the bits: -0.0, NaN and what would be rounded differently are no numbers.
final class IntegerChoice {
  /// Numbers of this many bits and more, sign aside, are left to the mantissas' layout.
  private static final int MAX_BITS_32 = 23;

  private static final int MAX_BITS_64 = 47;

  /// With more bits than these almost every float32 is some number over some power of ten.
  private static final int MAX_DECIMAL_BITS_32 = 21;

  private static final int MAX_DECIMAL_BITS_64 = 46;

  private static final int MANTISSA_BITS = 52;
  private static final int EXPONENT_OF_ONE = 1075;
  private static final int RICE_PARAMETERS = 31;

  private final boolean single;
  private final int maxBits;
  private final long mostDecimal;
  private long[] numbers = new long[0];
  private int count;

  private boolean stepped;
  private boolean divides;
  private double scale = 1;
  private int decimals;
  private int hopefulDecimals;

  private boolean unfolded;
  private int width;
  private int riceParameter;
  private long sampleBits;

  IntegerChoice(ElementType element) {
    single = element == ElementType.FLOAT32;
    maxBits = single ? MAX_BITS_32 : MAX_BITS_64;
    mostDecimal = 1L << (single ? MAX_DECIMAL_BITS_32 : MAX_DECIMAL_BITS_64);
  }

  /// Whether all components are whole numbers times `step`, as its maker says.
  boolean isMultipleOf(Vector vector, double step) {
    start(vector);
    if (!Scale.isUsable(step)) {
      return false;
    }
    stepped = true;
    scale = step;
    long most = 1L << maxBits;
    for (int i = 0; i < count; i++) {
      double number = Math.rint(vector.doubleAt(i) / step);
      if (!(Math.abs(number) < most)) {
        return false;
      }
      numbers[i] = (long) number;
    }
    if (!proves(vector)) {
      return false;
    }
    weigh();
    return true;
  }

  /// Whether all components are numbers in a range that a power of two divides, or over a power of
  /// ten.
  boolean isFound(Vector vector) {
    start(vector);
    if (!isBinary(vector) && !isDecimal(vector)) {
      return false;
    }
    weigh();
    return true;
  }

  private void start(Vector vector) {
    count = vector.dimension();
    if (numbers.length < count) {
      numbers = new long[count];
    }
    stepped = false;
    divides = false;
    scale = 1;
    decimals = 0;
  }

  private boolean proves(Vector vector) {
    for (int i = 0; i < count; i++) {
      if (!isProved(vector.doubleAt(i), numbers[i])) {
        return false;
      }
    }
    return true;
  }

  private boolean isProved(double component, long number) {
    double value = IntegerFormat.value(number, divides, scale);
    double read = single ? (float) value : value;
    return Double.doubleToRawLongBits(read) == Double.doubleToRawLongBits(component);
  }

  /// Looks for the lowest bit that is set in any component: it is the step.
  private boolean isBinary(Vector vector) {
    int lowest = Integer.MAX_VALUE;
    int highest = Integer.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      double component = vector.doubleAt(i);
      if (component == 0) {
        continue;
      }
      int exponent = exponent(component);
      long mantissa = mantissa(component);
      lowest = Math.min(lowest, exponent + Long.numberOfTrailingZeros(mantissa));
      highest = Math.max(highest, exponent + Long.SIZE - Long.numberOfLeadingZeros(mantissa));
      if (highest - lowest > maxBits) {
        return false;
      }
    }
    if (lowest == Integer.MAX_VALUE) {
      lowest = 0;
    }
    stepped = lowest != 0;
    scale = lowest >= Double.MIN_EXPONENT ? Math.scalb(1.0, lowest) : 0;
    if (!Scale.isUsable(scale)) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      double component = vector.doubleAt(i);
      int up = exponent(component) - lowest;
      long magnitude = component == 0 ? 0 : shifted(mantissa(component), up);
      numbers[i] = component < 0 ? -magnitude : magnitude;
    }
    return proves(vector);
  }

  private static int exponent(double component) {
    int field = (int) (Double.doubleToRawLongBits(component) >>> MANTISSA_BITS) & 0x7FF;
    return Math.max(field, 1) - EXPONENT_OF_ONE;
  }

  private static long mantissa(double component) {
    long bits = Double.doubleToRawLongBits(component);
    long mantissa = bits & (1L << MANTISSA_BITS) - 1;
    return (bits >>> MANTISSA_BITS & 0x7FF) == 0 ? mantissa : mantissa | 1L << MANTISSA_BITS;
  }

  private static long shifted(long mantissa, int up) {
    return up >= 0 ? mantissa << up : mantissa >>> -up;
  }

  /// Looks for the fewest decimals that all components can do with.
  ///
  /// What the last vector had is tried first: in most collections all have the same. A component
  /// that needs more raises the number of decimals for all, and then the ones before it are proved
  /// again.
  private boolean isDecimal(Vector vector) {
    stepped = false;
    divides = true;
    decimals = Math.max(1, hopefulDecimals);
    if (fitAll(vector)) {
      hopefulDecimals = decimals;
      return true;
    }
    if (hopefulDecimals > 1) {
      decimals = 1;
      hopefulDecimals = 0;
      if (fitAll(vector)) {
        hopefulDecimals = decimals;
        return true;
      }
    }
    divides = false;
    return false;
  }

  private boolean fitAll(Vector vector) {
    int proved = 0;
    int reached = 0;
    scale = IntegerFormat.power(decimals);
    // Each round either proves the next component or raises the decimals: at most 22 times over.
    while (proved < count) {
      double component = vector.doubleAt(proved);
      double number = Math.rint(component * scale);
      if (!(Math.abs(number) < mostDecimal)) {
        return false;
      }
      if (isProved(component, (long) number)) {
        numbers[proved++] = (long) number;
        reached = Math.max(reached, proved);
      } else if (proved < reached || decimals == IntegerFormat.MAX_DECIMALS) {
        return false;
      } else {
        decimals++;
        scale = IntegerFormat.power(decimals);
        proved = 0;
      }
    }
    return true;
  }

  /// Chooses between the numbers as they are and, when none is negative, unfolded; and the Rice
  /// parameter that goes with them.
  private void weigh() {
    long least = 0;
    long most = 0;
    for (int i = 0; i < count; i++) {
      least = Math.min(least, numbers[i]);
      most = Math.max(most, numbers[i]);
    }
    unfolded = false;
    sampleBits = riceBits(0);
    // Two's complement holds one number more below 0 than above.
    width = 1 + bits(most | -1 - Math.min(least, -1));
    if (least < 0) {
      return;
    }
    long predicted = Math.min(sampleBits, riceBits(1));
    int predictedParameter = riceParameter;
    unfold();
    sampleBits = riceBits(0);
    unfolded = sampleBits <= predicted;
    if (unfolded) {
      width = 1 + bits(most >> 1);
    } else {
      foldBack();
      sampleBits = predicted;
      riceParameter = predictedParameter;
    }
  }

  private static int bits(long positive) {
    return Long.SIZE - Long.numberOfLeadingZeros(positive);
  }

  private void unfold() {
    for (int i = 0; i < count; i++) {
      numbers[i] = numbers[i] >>> 1 ^ -(numbers[i] & 1);
    }
  }

  private void foldBack() {
    for (int i = 0; i < count; i++) {
      numbers[i] = numbers[i] << 1 ^ numbers[i] >> 63;
    }
  }

  /// What the samples take as Rice codes under the best parameter, in bits.
  ///
  /// @param order 0 for the numbers themselves, 1 for the difference of each from the one before
  private long riceBits(int order) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += residual(i, order);
    }
    int k = 63 - Long.numberOfLeadingZeros((sum * 11 >> 4) / count | 1);
    long best = Long.MAX_VALUE;
    for (int parameter = Math.max(0, k - 1); parameter <= k + 1; parameter++) {
      long bits = (parameter + 1L) * count;
      for (int i = 0; i < count; i++) {
        bits += residual(i, order) >>> parameter;
      }
      if (bits < best) {
        best = bits;
        riceParameter = Math.min(parameter, RICE_PARAMETERS - 1);
      }
    }
    return best;
  }

  private long residual(int i, int order) {
    long value = order == 0 || i == 0 ? numbers[i] : numbers[i] - numbers[i - 1];
    return value << 1 ^ value >> 63;
  }

  /// The fewest bits that hold every number: of float64, an even number of them, because the shift
  /// counts for two channels.
  int width() {
    return single ? width : width + (width & 1);
  }

  /// What all samples cost in bits, about.
  long sampleBits() {
    return sampleBits;
  }

  /// What a bit of the header costs among Rice-coded samples of some width, about.
  double headerBitCost(int ofWidth) {
    double unary = Math.scalb(1.0, ofWidth - 1 - riceParameter);
    return (riceParameter + 1 + unary) / ofWidth;
  }

  /// How many bytes [#writeHeader] writes.
  int headerBytes() {
    return stepped ? 1 + Scale.bytes(Scale.sizeCode(scale)) : divides ? 2 : 1;
  }

  /// Writes the vector's header; returns where it ends.
  int writeHeader(byte[] out, int at) {
    int size = stepped ? Scale.sizeCode(scale) : 0;
    int kind =
        stepped ? IntegerFormat.STEP : divides ? IntegerFormat.DECIMALS : IntegerFormat.NO_SCALE;
    out[at] =
        (byte)
            (RecordFormat.INTEGER << RecordFormat.REPRESENTATION_AT
                | (unfolded ? IntegerFormat.UNFOLDED : 0)
                | kind << IntegerFormat.SCALE_AT
                | size);
    if (stepped) {
      Scale.write(scale, size, out, at + 1);
    } else if (divides) {
      out[at + 1] = (byte) decimals;
    }
    return at + headerBytes();
  }

  /// Makes samples of numbers `from` to `from + samples - 1`.
  void sound(int from, int samples, int[][] pcm, int at, int ofWidth) {
    if (pcm.length == 2) {
      int shift = RecordFormat.BITS_PER_SAMPLE - ofWidth;
      for (int i = 0; i < samples; i++) {
        pcm[0][at + i] = (int) numbers[from + i] << shift;
      }
    } else {
      int shift = 2 * RecordFormat.BITS_PER_SAMPLE - ofWidth;
      for (int i = 0; i < samples; i++) {
        long word = numbers[from + i] << shift;
        pcm[0][at + i] = (int) (word >> 24);
        pcm[1][at + i] = (int) (word << 40 >> 40);
      }
    }
    Arrays.fill(pcm[pcm.length - 1], at, at + samples, 0);
  }
}
