package io.sonidb.sound;

/// Finds out whether float64 components come from float32 ones, after [Decimals]. Each way gives up
/// at the first component that does not.
final class NarrowChoice {
  /// What is a printed float16 number is some printed float32 number too, of more bits.
  private static final int[] WAYS = {Decimals.AS_IT_IS, Decimals.PRINTED_AS_HALF, Decimals.PRINTED};

  private int how;
  private float[] numbers = new float[0];
  private Vector vector = Vector.of(0f);

  /// Looks for a way.
  boolean isFound(Vector wide) {
    double[] components = wide.doubles();
    if (numbers.length != components.length) {
      numbers = new float[components.length];
      vector = Vector.sharing(numbers);
    }
    for (int way : WAYS) {
      how = way;
      if (Decimals.narrow(components, way, numbers)) {
        return true;
      }
    }
    return false;
  }

  /// The float32 vector, until the next is looked for.
  Vector vector() {
    return vector;
  }

  /// Writes the byte that says how.
  int writeHeader(byte[] out, int offset) {
    out[offset] =
        (byte) (RecordFormat.NARROW << RecordFormat.REPRESENTATION_AT | how << Decimals.HOW_AT);
    return offset + 1;
  }
}
