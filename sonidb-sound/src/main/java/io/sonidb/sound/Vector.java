package io.sonidb.sound;

import java.util.Arrays;

/// A vector of float32 or float64 components, 1 to 16,384 of them.
///
/// Two vectors are equal when their element types and all their bits are: 0.0 and -0.0 differ, and
/// a NaN equals a NaN of the same bits only.
public final class Vector {
  /// The most components that a vector may have.
  public static final int MAX_DIMENSION = 16384;

  private static final float[] NO_FLOATS = {};
  private static final double[] NO_DOUBLES = {};

  private final ElementType elementType;
  private final float[] floats;
  private final double[] doubles;
  private final double step;

  private Vector(ElementType elementType, float[] floats, double[] doubles, double step) {
    this.elementType = elementType;
    this.floats = floats;
    this.doubles = doubles;
    this.step = step;
    checkDimension(dimension());
  }

  /// A float32 vector of a copy of these components.
  ///
  /// @throws IllegalArgumentException when there are none or more than [#MAX_DIMENSION]
  public static Vector of(float... components) {
    return sharing(components.clone());
  }

  /// A float64 vector of a copy of these components.
  ///
  /// @throws IllegalArgumentException when there are none or more than [#MAX_DIMENSION]
  public static Vector of(double... components) {
    return sharing(components.clone());
  }

  /// A float32 vector over the caller's own array, which must not change from now on.
  ///
  /// @throws IllegalArgumentException when it is empty or longer than [#MAX_DIMENSION]
  public static Vector sharing(float[] components) {
    return new Vector(ElementType.FLOAT32, components, NO_DOUBLES, 0);
  }

  /// A float64 vector over the caller's own array, which must not change from now on.
  ///
  /// @throws IllegalArgumentException when it is empty or longer than [#MAX_DIMENSION]
  public static Vector sharing(double[] components) {
    return new Vector(ElementType.FLOAT64, NO_FLOATS, components, 0);
  }

  /// The float32 vector of these multiples of a step, which it knows: `(float) (multiple * step)`.
  ///
  /// @param multiples at least -2^23, less than 2^23
  /// @param step finite, above 0
  /// @throws IllegalArgumentException when there are none or more than [#MAX_DIMENSION], or `step`
  ///   is not what it must be
  public static Vector ofMultiples(int[] multiples, double step) {
    if (step == 0) {
      throw new IllegalArgumentException("step must be above 0");
    }
    float[] components = new float[multiples.length];
    for (int i = 0; i < components.length; i++) {
      components[i] = (float) IntegerFormat.value(multiples[i], false, step);
    }
    return sharing(components).withStep(step);
  }

  /// The same vector, sharing its components, with the knowledge that they are whole multiples of
  /// `step`, rounded to the components' type: `(float) (multiple * step)`. A record of it is then
  /// made without looking for a step. It is only a hint: where it is wrong nothing is lost.
  ///
  /// @param step finite, above 0; or 0: none is known
  public Vector withStep(double step) {
    if (step != 0 && !Scale.isUsable(step)) {
      throw new IllegalArgumentException("step must be finite and above 0, was " + step);
    }
    return new Vector(elementType, floats, doubles, step);
  }

  /// The step of which all components are whole multiples; 0 when none is known.
  public double step() {
    return step;
  }

  /// Returns `dimension` when a vector can have it.
  ///
  /// @throws IllegalArgumentException when it is not 1 to [#MAX_DIMENSION]
  public static int checkDimension(int dimension) {
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "dimension must be 1 to " + MAX_DIMENSION + ", was " + dimension);
    }
    return dimension;
  }

  /// The type of the components.
  public ElementType elementType() {
    return elementType;
  }

  /// How many components there are.
  public int dimension() {
    return elementType == ElementType.FLOAT32 ? floats.length : doubles.length;
  }

  /// The components themselves, not a copy: they must not be changed.
  ///
  /// @throws IllegalStateException when this is a float64 vector
  public float[] floats() {
    require(ElementType.FLOAT32);
    return floats;
  }

  /// The components themselves, not a copy: they must not be changed.
  ///
  /// @throws IllegalStateException when this is a float32 vector
  public double[] doubles() {
    require(ElementType.FLOAT64);
    return doubles;
  }

  /// Component `index` of a float32 vector.
  ///
  /// @throws IllegalStateException when this is a float64 vector
  public float floatAt(int index) {
    return floats()[index];
  }

  /// Component `index`, widened when this is a float32 vector.
  public double doubleAt(int index) {
    return elementType == ElementType.FLOAT32 ? floats[index] : doubles[index];
  }

  private void require(ElementType wanted) {
    if (elementType != wanted) {
      throw new IllegalStateException("this vector is " + elementType + ", not " + wanted);
    }
  }

  /// Whether `other` is a vector of the same element type and the same bits.
  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Vector that)
        || elementType != that.elementType
        || dimension() != that.dimension()) {
      return false;
    }
    for (int i = 0; i < floats.length; i++) {
      if (Float.floatToRawIntBits(floats[i]) != Float.floatToRawIntBits(that.floats[i])) {
        return false;
      }
    }
    for (int i = 0; i < doubles.length; i++) {
      if (Double.doubleToRawLongBits(doubles[i]) != Double.doubleToRawLongBits(that.doubles[i])) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash(0));
  }

  /// XXH64 of the components' bits.
  long hash(long seed) {
    return elementType == ElementType.FLOAT32
        ? XxHash64.of(floats, seed)
        : XxHash64.of(doubles, seed);
  }

  /// The type, the dimension and the first components.
  @Override
  public String toString() {
    int shown = Math.min(4, dimension());
    String start =
        elementType == ElementType.FLOAT32
            ? Arrays.toString(Arrays.copyOf(floats, shown))
            : Arrays.toString(Arrays.copyOf(doubles, shown));
    String rest = dimension() > shown ? ", ...]" : "]";
    return elementType + "[" + dimension() + "] " + start.substring(0, start.length() - 1) + rest;
  }
}
