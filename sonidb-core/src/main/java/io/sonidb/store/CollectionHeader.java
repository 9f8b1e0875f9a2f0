package io.sonidb.store;

import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.Vector;
import java.util.UUID;

/// What a collection is, as its manifest and the tags of each of its segments say.
///
/// @param name the name that users call it by
/// @param uuid its identity, which a rename or copy does not change
/// @param dimension components of each vector
/// @param format element type and sonification
/// @param metric name of the metric that searches use
public record CollectionHeader(
    String name, UUID uuid, int dimension, SoundFormat format, String metric) {
  /// Checks the dimension.
  ///
  /// @throws IllegalArgumentException if no vector can have it
  public CollectionHeader {
    if (dimension < 1 || dimension > Vector.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "dimension must be 1 to " + Vector.MAX_DIMENSION + ", was " + dimension);
    }
  }
}
