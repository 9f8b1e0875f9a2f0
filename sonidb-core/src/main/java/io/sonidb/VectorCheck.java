package io.sonidb;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;

/// Refuses vectors that a collection cannot hold, before anything is written.
final class VectorCheck {
  private VectorCheck() {}

  /// The vector in the collection's element type.
  ///
  /// @param who whose vector it is, for the message
  /// @throws IllegalArgumentException naming the value and the component that cannot be held
  static Vector accept(Vector vector, Object who, CollectionSpec spec) {
    if (vector.dimension() != spec.dimension()) {
      throw new IllegalArgumentException(
          "vector "
              + who
              + " has dimension "
              + vector.dimension()
              + ", the collection "
              + spec.dimension());
    }
    boolean rounds = spec.quantize().isRounding();
    boolean narrows = spec.element() == ElementType.FLOAT32;
    Vector fitting = narrows ? narrow(vector, who, rounds) : widen(vector);
    if (rounds) {
      checkFinite(fitting, who, "which has no nearest step in a quantised collection");
    }
    if (spec.metric() == Metric.COSINE) {
      checkDirection(fitting, who);
    }
    return fitting;
  }

  private static Vector widen(Vector vector) {
    if (vector.elementType() == ElementType.FLOAT64) {
      return vector;
    }
    double[] wide = new double[vector.dimension()];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = vector.floatAt(i);
    }
    return Vector.sharing(wide);
  }

  /// @param rounds whether the collection rounds its vectors anyway; then any float64 will do that
  ///   is not beyond all float32
  private static Vector narrow(Vector vector, Object who, boolean rounds) {
    if (vector.elementType() == ElementType.FLOAT32) {
      return vector;
    }
    double[] wide = vector.doubles();
    float[] narrow = new float[wide.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) wide[i];
      boolean mayDiffer = rounds && !Float.isInfinite(narrow[i]);
      if (!mayDiffer
          && Double.doubleToRawLongBits(narrow[i]) != Double.doubleToRawLongBits(wide[i])) {
        throw new IllegalArgumentException(
            "vector "
                + who
                + ": component "
                + i
                + " is "
                + wide[i]
                + ", which is no float32: round it, or create the collection with float64");
      }
    }
    return Vector.sharing(narrow);
  }

  private static void checkFinite(Vector vector, Object who, String why) {
    for (int i = 0; i < vector.dimension(); i++) {
      double value = vector.doubleAt(i);
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "vector " + who + ": component " + i + " is " + value + ", " + why);
      }
    }
  }

  private static void checkDirection(Vector vector, Object who) {
    if (vector.elementType() == ElementType.FLOAT32 && hasDirection(vector)) {
      return;
    }
    checkFinite(vector, who, "which the cosine metric cannot take; dot, euclid and manhattan can");
    boolean zero = true;
    for (int i = 0; i < vector.dimension(); i++) {
      zero &= vector.doubleAt(i) == 0;
    }
    if (zero) {
      throw new IllegalArgumentException(
          "vector "
              + who
              + " is all zeros, which have no direction for the cosine metric; dot, euclid and"
              + " manhattan can take it");
    }
  }

  /// Whether all components are finite and one is not zero: the quick way, which cannot say what is
  /// wrong.
  private static boolean hasDirection(Vector vector) {
    float largest = 0;
    for (float component : vector.floats()) {
      largest = Math.max(largest, Math.abs(component)); // NaN stays NaN
    }
    return largest > 0 && largest < Float.POSITIVE_INFINITY;
  }
}
