package io.sonidb.store;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
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
/// @param quantize what vectors are rounded to before they are stored; only float32 ones can be
public record CollectionHeader(
    String name,
    UUID uuid,
    int dimension,
    SoundFormat format,
    String metric,
    Quantisation quantize) {
  /// Checks the dimension, and that the components can be rounded if they are to be.
  ///
  /// @throws IllegalArgumentException naming what no collection can be
  public CollectionHeader {
    if (dimension < 1 || dimension > Vector.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "dimension must be 1 to " + Vector.MAX_DIMENSION + ", was " + dimension);
    }
    if (quantize.isRounding() && format.element() != ElementType.FLOAT32) {
      throw new IllegalArgumentException(
          "only float32 components are quantised, not " + format.element());
    }
  }
}
