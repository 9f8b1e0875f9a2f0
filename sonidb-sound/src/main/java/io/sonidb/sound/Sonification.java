package io.sonidb.sound;

/// How a vector becomes sound.
public enum Sonification {
  /// A component is an amplitude: one sample in every channel, noise to the ear.
  AMPLITUDE;

  /// The sonification of that name, as it stands in file tags and on the command line.
  ///
  /// @throws IllegalArgumentException when there is none of that name here
  public static Sonification parse(String name) {
    if (name.equals("amplitude")) {
      return AMPLITUDE;
    }
    throw new IllegalArgumentException(
        "unknown sonification '" + name + "': available is amplitude");
  }

  /// The name that [#parse] reads.
  @Override
  public String toString() {
    return "amplitude";
  }
}
