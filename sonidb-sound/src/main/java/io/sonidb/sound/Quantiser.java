package io.sonidb.sound;

/// Rounds float32 vectors to whole multiples of a step.
///
/// # The step
///
/// It follows the vector's root mean square: `rms / (1.7 * 2^(bits - 3))`. Rice codes fit numbers
/// whose spread is about 1.7 times a power of two best, 0.08 bits above their entropy, and a normal
/// distribution then takes `bits - 0.14` bits a component on average. A few large components make
/// hardly any difference to it, and are not clipped: they just become larger numbers.
///
/// Components that are spread evenly, up to a largest one that is small for their root mean square,
/// do not suit Rice codes. For these the step that makes the largest component fit into `bits` bits
/// is finer, and plain numbers take no more room: so the finer of the two steps is taken. The
/// largest component can make the step finer, never coarser.
///
/// The step is rounded up to five significant bits: with the exponent they fill the two bytes that
/// a record has for it at least, and every multiple below 2^19 is a float32 without rounding. A
/// number is at most `55 * 1.15 * sqrt(16384)`, less than 2^14.
///
/// # Rounding twice
///
/// A vector that lies on a grid already is stored as it is, if the grid is as coarse as the step,
/// or almost: its greatest common divisor is then the step. That holds for constant and sparse
/// binary vectors, for integers of small range, and for every vector that was rounded before:
/// rounding moves the root mean square by at most half a step, so the second step would be at most
/// `1 + 1 / (2 * 3.4)` of the first one, less than [#SLACK].
///
/// # Edges
///
/// A vector of subnormals, or one whose rounding would pass the largest float, is stored as it is.
/// Zero has no sign afterwards. Infinities and NaN have no nearest multiple, and are refused.
final class Quantiser {
  /// Steps to a standard deviation at 3 bits.
  private static final double STEPS_AT_3_BITS = 1.7;

  /// How much finer than the step that is wanted a grid may be which the vector lies on already.
  private static final double SLACK = 1.15;

  /// Steps below have multiples that are no float32.
  private static final double MIN_STEP = 0x1p-144;

  /// Of a double's 52 bits of mantissa the step has the first four.
  private static final long STEP_MASK = (1L << 48) - 1;

  private Quantiser() {}

  static Vector round(Vector vector, int bits) {
    float[] exact = vector.floats();
    double largest = largest(exact);
    double rms = Math.sqrt(sumOfSquares(exact) / exact.length);
    if (!(largest < Double.POSITIVE_INFINITY)) {
      throw notFinite(exact);
    }
    if (largest == 0) {
      return multiples(exact, 1);
    }
    // Half a step less than one number more: the largest component rounds to the last number.
    double mostNumber = (1 << bits - 1) - 0.5;
    double wanted = Math.min(rms / (STEPS_AT_3_BITS * (1 << bits - 3)), largest / mostNumber);
    double grid = grid(exact, wanted / SLACK);
    if (grid > 0) {
      return multiples(exact, grid);
    }
    double step = roundedUp(wanted);
    boolean passes = Math.rint(largest / step) * step > Float.MAX_VALUE;
    return step < MIN_STEP || passes ? vector : multiples(exact, step);
  }

  /// The step of a grid that all components lie on, if it is no finer than `least`; else 0.
  ///
  /// Remainders of doubles are exact, so this is Euclid's algorithm; for a vector of noise it ends
  /// within the first two or three components.
  private static double grid(float[] exact, double least) {
    double grid = 0;
    for (float component : exact) {
      double rest = Math.abs((double) component);
      if (rest == 0 || (grid > 0 && Math.rint(rest / grid) * grid == rest)) {
        continue;
      }
      while (rest > 0) {
        if (rest < least) {
          return 0;
        }
        double next = grid % rest;
        grid = rest;
        rest = next;
      }
    }
    return grid;
  }

  /// Rounded up to the number of bits that a record has for a step at least.
  private static double roundedUp(double step) {
    long bits = Double.doubleToRawLongBits(step);
    return Double.longBitsToDouble(bits + STEP_MASK & ~STEP_MASK);
  }

  private static Vector multiples(float[] exact, double step) {
    float[] rounded = new float[exact.length];
    round(exact, step, 1 / step, rounded);
    return Vector.sharing(rounded).withStep(step);
  }

  private static void round(float[] exact, double step, double perStep, float[] rounded) {
    for (int i = 0; i < exact.length; i++) {
      // Adding zero takes the sign from it.
      rounded[i] = (float) (Math.rint(exact[i] * perStep) * step + 0.0);
    }
  }

  private static double largest(float[] exact) {
    float largest = 0;
    for (float component : exact) {
      largest = Math.max(largest, Math.abs(component)); // NaN stays
    }
    return largest;
  }

  /// In four sums, always the same ones: the step must not depend on the machine.
  private static double sumOfSquares(float[] exact) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i < exact.length - 3; i += 4) {
      a += (double) exact[i] * exact[i];
      b += (double) exact[i + 1] * exact[i + 1];
      c += (double) exact[i + 2] * exact[i + 2];
      d += (double) exact[i + 3] * exact[i + 3];
    }
    for (; i < exact.length; i++) {
      a += (double) exact[i] * exact[i];
    }
    return a + b + (c + d);
  }

  private static IllegalArgumentException notFinite(float[] exact) {
    int at = 0;
    while (Float.isFinite(exact[at])) {
      at++;
    }
    return new IllegalArgumentException(
        "component " + at + " is " + exact[at] + ", which cannot be rounded to a step");
  }
}
