package io.sonidb.sound;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// How a vector becomes sound. All three are exact to the bit.
public enum Sonification {
  /// A component is an amplitude: one sample in every channel, noise to the ear. The smallest.
  AMPLITUDE,

  /// A byte is the amplitude of a tone, all tones of 128 components at a time: four samples a
  /// component.
  FREQUENCY,

  /// Two bits are the length of a pulse between two levels: about 41 samples a component.
  PULSE;

  /// The sonification of that name, as it stands in file tags and on the command line.
  ///
  /// @throws IllegalArgumentException when there is none of that name here
  public static Sonification parse(String name) {
    for (Sonification sonification : values()) {
      if (sonification.toString().equals(name)) {
        return sonification;
      }
    }
    throw new IllegalArgumentException(
        "unknown sonification '"
            + name
            + "': available are "
            + Arrays.stream(values())
                .map(Sonification::toString)
                .collect(Collectors.joining(", ")));
  }

  /// The name that [#parse] reads.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
