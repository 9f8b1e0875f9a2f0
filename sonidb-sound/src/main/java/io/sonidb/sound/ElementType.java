package io.sonidb.sound;

/// The type of a vector's components: what comes back is this type, with the same bits.
public enum ElementType {
  /// IEEE 754 single precision, 32 bits a component.
  FLOAT32(32),
  /// IEEE 754 double precision, 64 bits a component.
  FLOAT64(64);

  private final int bits;

  ElementType(int bits) {
    this.bits = bits;
  }

  /// How many bits one component has.
  public int bits() {
    return bits;
  }

  /// The element type of that name, as it stands in file tags and on the command line.
  ///
  /// @throws IllegalArgumentException when no element type has that name
  public static ElementType parse(String name) {
    return switch (name) {
      case "float32" -> FLOAT32;
      case "float64" -> FLOAT64;
      default ->
          throw new IllegalArgumentException(
              "unknown element type '" + name + "': choose float32 or float64");
    };
  }

  /// The name that [#parse] reads: `float32` or `float64`.
  @Override
  public String toString() {
    return this == FLOAT32 ? "float32" : "float64";
  }
}
