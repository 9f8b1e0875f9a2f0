package io.sonidb.sound;

/// What the components of a collection's vectors are rounded to before they are stored: how many
/// bits each of them takes, about.
///
/// Rounding is defined by the vector alone, so it gives the same on every machine, and rounding a
/// rounded vector again changes no bit of it.
public enum Quantisation {
  /// Nothing is rounded.
  NONE(0),
  /// 8 bits a component; 54 steps to a standard deviation.
  BITS_8(8),
  /// 6 bits a component; 13.6 steps to a standard deviation.
  BITS_6(6),
  /// 5 bits a component; 6.8 steps to a standard deviation.
  BITS_5(5),
  /// 4 bits a component; 3.4 steps to a standard deviation.
  BITS_4(4);

  private final int bits;

  Quantisation(int bits) {
    this.bits = bits;
  }

  /// How many bits a component takes, about; 0 when nothing is rounded.
  public int bits() {
    return bits;
  }

  /// Whether vectors are rounded.
  public boolean isRounding() {
    return this != NONE;
  }

  /// The nearest vector that is stored: each component is a whole multiple of a step that the
  /// vector itself gives, and at most half a step away. [Quantiser] says how.
  ///
  /// @param vector of finite float32 components; float64 if nothing is rounded
  /// @return a vector that knows its step, or `vector` if it is stored as it is
  /// @throws IllegalArgumentException naming the component that is not finite
  public Vector round(Vector vector) {
    return isRounding() ? Quantiser.round(vector, bits) : vector;
  }

  /// The quantisation of that name, as it stands in file tags and on the command line.
  ///
  /// @throws IllegalArgumentException when there is none of that name
  public static Quantisation parse(String name) {
    for (Quantisation each : values()) {
      if (each.toString().equals(name)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "unknown quantisation '" + name + "': choose 8, 6, 5 or 4 bits a component, or none");
  }

  /// The name that [#parse] reads: the number of bits, or `none`.
  @Override
  public String toString() {
    return bits == 0 ? "none" : Integer.toString(bits);
  }
}
