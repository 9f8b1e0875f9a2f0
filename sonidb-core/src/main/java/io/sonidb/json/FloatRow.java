package io.sonidb.json;

import io.sonidb.sound.Vector;
import java.util.Arrays;

/// Float32 components, as they come.
final class FloatRow {
  private float[] components;
  private int size;

  /// @param expected how many there will be, most likely
  FloatRow(int expected) {
    components = new float[expected];
  }

  int size() {
    return size;
  }

  void add(float component) {
    if (size == components.length) {
      components = Arrays.copyOf(components, grown(size));
    }
    components[size++] = component;
  }

  /// Adds a component that a decimal stands for.
  void addFinite(float component) {
    if (Float.isInfinite(component)) {
      throw VectorJson.tooLarge(size, "float32");
    }
    add(component);
  }

  Vector vector() {
    return Vector.sharing(size == components.length ? components : Arrays.copyOf(components, size));
  }

  static int grown(int size) {
    if (size >= Vector.MAX_DIMENSION) {
      throw new MalformedVectorException(
          "a vector has at most " + Vector.MAX_DIMENSION + " components", false);
    }
    return Math.min(Vector.MAX_DIMENSION, 2 * size + 16);
  }
}
