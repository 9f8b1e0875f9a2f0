package io.sonidb.sound;

import java.util.stream.IntStream;

/// Finds out whether the components of a float32 vector are numbers of 11 significant bits
/// (float16, and so bfloat16 and int8) times one scale, after [GridFormat].
///
/// The idea: the largest magnitude M is some such number times the scale, and there are only 1,024
/// of them, up to powers of two, which do not matter. Each says what the scale is, to within M's
/// rounding. Under the right one, any other component divided by the scale is a number of 11 bits
/// too; under a wrong one it happens to one component in several hundred. So two components, the
/// first *probes*, mostly leave none of the 1,024 candidates where there is no grid: such a vector
/// is done with after two multiplications of each in a loop without branches. A few more probes
/// leave the right one alone.
///
/// A candidate that passes is tried on all components. Each must be the rounding of its number
/// times the scale, which puts the scale between two bounds; what is between all bounds, and has
/// the fewest bits, is the scale. Where nothing is, for instance because the vector was normalised
/// twice, the scale of least squares is taken, and components that it misses by one unit in the
/// last place are listed.
///
/// Whatever is found is proved: every component is computed as a reader does.
final class GridChoice {
  /// Below this a scale costs more than it saves, and chance finds one too easily.
  static final int MIN_DIMENSION = 8;

  private static final int FIRST = 1024;
  private static final int CANDIDATES = 1024;
  private static final int PROBES = 8;

  /// A probe is at least the largest magnitude divided by this.
  private static final int PROBE_RANGE = 16;

  /// How far from a whole number a quotient may be, relatively: both its parts are rounded to 24
  /// bits, and near misses add a unit in the last place to each.
  private static final double TOLERANCE = 0x1p-21;

  /// A double of which all but 11 significant bits are to be rounded off.
  private static final int ROUNDED_BITS = 42;

  private static final int MANTISSA_BITS = 23;
  private static final int MANTISSA_BITS_64 = 52;
  private static final int MOST_STEP_BITS = 16;
  private static final int MAGNITUDE = 0x7FFFFFFF;
  private static final int INFINITE = 0x7F800000;
  private static final int LEAST_NORMAL = 0x00800000;

  /// How far a product in [#measure] may be from a whole number, in 2^-32: the tolerance of the
  /// largest, below 4,096, and what is lost because the bits of a probe behind the 32nd are.
  private static final int NEAR = (1 << 23) + (1 << 11);

  /// All numbers of 11 bits.
  private static final int[] NUMBERS = IntStream.range(FIRST, FIRST + CANDIDATES).toArray();

  private final int[] errors = new int[CANDIDATES];
  private final double[] probes = new double[PROBES];
  private final int[] survivors = new int[CANDIDATES];
  private float[] numbers = new float[0];
  private final GapList corrections = new GapList(true);
  private double scale;

  /// Looks for a grid.
  ///
  /// @param bits of the components
  boolean isFound(float[] vector, int[] bits) {
    corrections.clear();
    if (vector.length < MIN_DIMENSION) {
      return false;
    }
    int most = mostMagnitude(bits, vector.length);
    if (most >= INFINITE || most < LEAST_NORMAL) {
      return false;
    }
    double largest = Float.intBitsToFloat(most);
    int count = gatherProbes(vector, largest);
    if (count < 2) {
      return false;
    }
    measure(fraction(probes[0]), fraction(probes[1]), errors);
    return least(errors) <= NEAR && isFound(vector, largest, survivors(count));
  }

  private static int mostMagnitude(int[] bits, int count) {
    int most = 0;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, bits[i] & MAGNITUDE);
    }
    return most;
  }

  /// Gathers components of a size near the largest, as shares of it, spread over four octaves down.
  private int gatherProbes(float[] vector, double largest) {
    double least = largest / PROBE_RANGE;
    int count = 0;
    for (int i = 0; i < vector.length && count < PROBES; i++) {
      double magnitude = Math.abs(vector[i]);
      if (magnitude >= least && magnitude < largest) {
        // So that candidate c makes it c * probe, with 10 bits before the point or one more.
        probes[count++] = magnitude / largest;
      }
    }
    return count;
  }

  /// A probe, up to a power of two between 1 and 2, less 1, in 2^-32.
  private static int fraction(double probe) {
    return (int) (Double.doubleToRawLongBits(probe) >>> MANTISSA_BITS_64 - Integer.SIZE);
  }

  // Two loops, each in a method of its own: only so does the compiler vectorise them.

  /// How far each candidate puts the worse of two probes from a whole number, in 2^-32. The product
  /// has 11 or 12 bits before the point, of which nothing is to be known: so it may overflow.
  private static void measure(int first, int second, int[] errors) {
    for (int i = 0; i < CANDIDATES; i++) {
      int number = NUMBERS[i];
      errors[i] = Math.max(Math.abs(number * first), Math.abs(number * second));
    }
  }

  private static int least(int[] errors) {
    int least = Integer.MAX_VALUE;
    for (int i = 0; i < CANDIDATES; i++) {
      // Without a sum of any kind the compiler leaves the loop as it is.
      least = Math.min(least, errors[i] & MAGNITUDE);
    }
    return least;
  }

  private static boolean isNear(double number) {
    double rounded = round(number);
    return Math.abs(number - rounded) <= TOLERANCE * number;
  }

  /// The nearest number of 11 significant bits.
  private static double round(double number) {
    long bits = Double.doubleToRawLongBits(number);
    bits += 1L << ROUNDED_BITS - 1;
    return Double.longBitsToDouble(bits & -1L << ROUNDED_BITS);
  }

  /// Lists the candidates that all probes pass.
  private int survivors(int count) {
    int left = 0;
    for (int i = 0; i < CANDIDATES; i++) {
      if (errors[i] <= NEAR) {
        survivors[left++] = FIRST + i;
      }
    }
    int passed = 0;
    for (int i = 0; i < left; i++) {
      int candidate = survivors[i];
      boolean near = true;
      for (int probe = 0; probe < count && near; probe++) {
        near = isNear(candidate * probes[probe]);
      }
      if (near) {
        survivors[passed++] = candidate;
      }
    }
    return passed;
  }

  /// Tries the survivors, the one of the fewest significant bits first: if a vector is on a grid of
  /// 8 bits, it is on others of 11 too. One that all components are on comes before one that some
  /// miss.
  private boolean isFound(float[] vector, double largest, int count) {
    return count > 0
        && (isFound(vector, largest, count, false) || isFound(vector, largest, count, true));
  }

  private boolean isFound(float[] vector, double largest, int count, boolean nearly) {
    for (int zeros = 10; zeros >= 0; zeros--) {
      for (int i = 0; i < count; i++) {
        if (Integer.numberOfTrailingZeros(survivors[i]) == zeros
            && fits(vector, largest / survivors[i], nearly)) {
          return true;
        }
      }
    }
    return false;
  }

  /// Takes the grid of this scale, about, if there is one.
  private boolean fits(float[] vector, double about, boolean nearly) {
    if (numbers.length != vector.length) {
      numbers = new float[vector.length];
    }
    double low = 0;
    double high = Double.MAX_VALUE;
    double products = 0;
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      float component = vector[i];
      double quotient = component / about;
      double number = round(quotient);
      if (!(Math.abs(quotient - number) <= TOLERANCE * Math.abs(number))) {
        return false;
      }
      numbers[i] = (float) number;
      products += component * number;
      squares += number * number;
      if (component != 0) {
        double half = Math.ulp(component) * 0.5;
        low = Math.max(low, (Math.abs(component) - half) / Math.abs(number));
        high = Math.min(high, (Math.abs(component) + half) / Math.abs(number));
      }
    }
    return nearly
        ? isNearlyProved(vector, products / squares)
        : low <= high && proves(vector, low, high);
  }

  /// Takes the scale of the fewest bytes between two bounds under which all components come back.
  private boolean proves(float[] vector, double low, double high) {
    for (int size = 0; size < Scale.SIZES; size++) {
      int dropped = 64 - 8 * Scale.bytes(size);
      long bits = Double.doubleToRawLongBits(low) + (1L << dropped) - 1 & -1L << dropped;
      double candidate = dropped == 0 ? low + (high - low) / 2 : Double.longBitsToDouble(bits);
      if (candidate <= high && Scale.isUsable(candidate) && misses(vector, candidate) == 0) {
        scale = candidate;
        return true;
      }
    }
    return false;
  }

  private int misses(float[] vector, double by) {
    int misses = 0;
    for (int i = 0; i < vector.length; i++) {
      int found = GridFormat.bits(numbers[i], by);
      misses += found == Float.floatToRawIntBits(vector[i]) ? 0 : 1;
    }
    return misses;
  }

  private boolean isNearlyProved(float[] vector, double by) {
    if (!Scale.isUsable(by)) {
      return false;
    }
    scale = by;
    corrections.clear();
    for (int i = 0; i < vector.length; i++) {
      int miss = Float.floatToRawIntBits(vector[i]) - GridFormat.bits(numbers[i], by);
      if (miss != 0) {
        if (Math.abs(miss) != 1) {
          return false;
        }
        corrections.add(i, miss < 0);
      }
    }
    corrections.chooseParameter();
    return true;
  }

  /// The numbers on the grid, one for each component; not to be changed.
  float[] numbers() {
    return numbers;
  }

  double scale() {
    return scale;
  }

  /// The step of which all components are whole multiples; 0 when some are only nearly on the grid,
  /// or the multiples have so many bits that they would cost more than the grid.
  double step() {
    if (corrections.count() > 0) {
      return 0;
    }
    int lowest = Integer.MAX_VALUE;
    int highest = Integer.MIN_VALUE;
    for (float number : numbers) {
      if (number != 0) {
        int trailing =
            Integer.numberOfTrailingZeros(Float.floatToRawIntBits(number) | LEAST_NORMAL);
        int exponent = Math.getExponent(number);
        lowest = Math.min(lowest, exponent - MANTISSA_BITS + trailing);
        highest = Math.max(highest, exponent);
        if (highest - lowest > MOST_STEP_BITS) {
          return 0;
        }
      }
    }
    return scale * Math.scalb(1.0, lowest);
  }

  /// How many bytes [#write] writes.
  int bytes() {
    int size = 1 + Scale.bytes(Scale.sizeCode(scale));
    return corrections.count() == 0
        ? size
        : size + Leb128.size(corrections.count()) + corrections.bytes();
  }

  /// Writes scale and corrections; returns where they end.
  int write(byte[] out, int offset) {
    int sizeCode = Scale.sizeCode(scale);
    boolean corrected = corrections.count() > 0;
    out[offset] =
        (byte)
            (sizeCode
                | (corrected
                    ? GridFormat.CORRECTIONS | corrections.parameter() << GridFormat.PARAMETER_AT
                    : 0));
    Scale.write(scale, sizeCode, out, offset + 1);
    int at = offset + 1 + Scale.bytes(sizeCode);
    return corrected ? corrections.write(out, Leb128.write(corrections.count(), out, at)) : at;
  }
}
