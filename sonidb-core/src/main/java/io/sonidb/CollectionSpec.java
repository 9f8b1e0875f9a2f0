package io.sonidb;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.Vector;
import io.sonidb.store.Manifest;

/// What a new collection is to be. Immutable: each setter gives a copy.
///
/// @param dimension components of each vector, 1 to 16,384
/// @param metric what makes two vectors alike
/// @param element type of the components
/// @param sonification how a vector becomes sound
/// @param durability when a write is acknowledged
/// @param segmentBytes size at which a segment is sealed, 1 MiB to 1 GiB
public record CollectionSpec(
    int dimension,
    Metric metric,
    ElementType element,
    Sonification sonification,
    Durability durability,
    long segmentBytes) {
  private static final long MIN_SEGMENT_BYTES = Manifest.MIN_SEGMENT_BYTES;
  private static final long MAX_SEGMENT_BYTES = Manifest.MAX_SEGMENT_BYTES;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public CollectionSpec {
    if (dimension < 1 || dimension > Vector.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "dimension must be 1 to " + Vector.MAX_DIMENSION + ", was " + dimension);
    }
    if (segmentBytes < MIN_SEGMENT_BYTES || segmentBytes > MAX_SEGMENT_BYTES) {
      throw new IllegalArgumentException(
          "segment size must be "
              + MIN_SEGMENT_BYTES
              + " to "
              + MAX_SEGMENT_BYTES
              + " bytes, was "
              + segmentBytes);
    }
  }

  /// Vectors of float32 compared by cosine, sonified by amplitude, durable by fsync, in segments of
  /// 128 MiB.
  public static CollectionSpec dimension(int dimension) {
    return new CollectionSpec(
        dimension,
        Metric.COSINE,
        ElementType.FLOAT32,
        Sonification.AMPLITUDE,
        Durability.FSYNC,
        128L << 20);
  }

  /// With another metric.
  public CollectionSpec metric(Metric metric) {
    return new CollectionSpec(dimension, metric, element, sonification, durability, segmentBytes);
  }

  /// With another element type.
  public CollectionSpec element(ElementType element) {
    return new CollectionSpec(dimension, metric, element, sonification, durability, segmentBytes);
  }

  /// With another sonification.
  public CollectionSpec sonification(Sonification sonification) {
    return new CollectionSpec(dimension, metric, element, sonification, durability, segmentBytes);
  }

  /// With another durability.
  public CollectionSpec durability(Durability durability) {
    return new CollectionSpec(dimension, metric, element, sonification, durability, segmentBytes);
  }

  /// With another size of segments, in bytes.
  public CollectionSpec segmentBytes(long segmentBytes) {
    return new CollectionSpec(dimension, metric, element, sonification, durability, segmentBytes);
  }

  SoundFormat format() {
    return new SoundFormat(element, sonification);
  }
}
