package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.util.Arrays;

/// Collects the components of one vector from text, in one buffer for all rows.
final class VectorBuilder {

  private final float[] floats;
  private final double[] doubles;
  private final boolean isFloat32;
  private int size;

  VectorBuilder(ElementType element) {
    isFloat32 = element == ElementType.FLOAT32;
    floats = new float[isFloat32 ? Vector.MAX_DIMENSION : 0];
    doubles = new double[isFloat32 ? 0 : Vector.MAX_DIMENSION];
  }

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  /// @throws IllegalArgumentException if the text is no number or there are too many of them
  void add(String text) {
    if (size == Vector.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "the vector has more than " + Vector.MAX_DIMENSION + " components");
    }
    if (isFloat32) {
      floats[size] = DecimalText.float32(text);
    } else {
      doubles[size] = DecimalText.float64(text);
    }
    size++;
  }

  Vector vector() {
    return isFloat32
        ? Vector.sharing(Arrays.copyOf(floats, size))
        : Vector.sharing(Arrays.copyOf(doubles, size));
  }
}
