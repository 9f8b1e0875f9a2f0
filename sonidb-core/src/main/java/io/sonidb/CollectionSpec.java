package io.sonidb;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.Vector;
import io.sonidb.store.CollectionHeader;
import io.sonidb.store.Manifest;
import java.time.Duration;
import java.util.UUID;

/// What a new collection is to be. Immutable: each setter gives a copy.
///
/// @param dimension components of each vector, 1 to 16,384
/// @param metric what makes two vectors alike
/// @param element type of the components
/// @param sonification how a vector becomes sound
/// @param durability when a write is acknowledged
/// @param segmentBytes size at which a segment is sealed, 1 MiB to 1 GiB
/// @param timeToLive after which a vector expires, unless it says when itself; zero for never, at
///   most [#MAX_DURATION]
/// @param retention how long deletes are kept for those who follow the changes, at most
///   [#MAX_DURATION]
public record CollectionSpec(
    int dimension,
    Metric metric,
    ElementType element,
    Sonification sonification,
    Durability durability,
    long segmentBytes,
    Duration timeToLive,
    Duration retention) {
  /// A hundred years.
  public static final Duration MAX_DURATION = Duration.ofDays(36_525);

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
    checkDuration("time to live", timeToLive);
    checkDuration("retention", retention);
  }

  private static void checkDuration(String what, Duration duration) {
    if (duration.isNegative() || duration.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          what + " must be 0 to " + MAX_DURATION.toDays() + " days, was " + duration);
    }
  }

  /// Vectors of float32 compared by cosine, sonified by amplitude, durable by fsync, in segments of
  /// 128 MiB, that never expire; deletes are kept for 7 days.
  public static CollectionSpec dimension(int dimension) {
    return new CollectionSpec(
        dimension,
        Metric.COSINE,
        ElementType.FLOAT32,
        Sonification.AMPLITUDE,
        Durability.FSYNC,
        128L << 20,
        Duration.ZERO,
        Duration.ofDays(7));
  }

  /// With another metric.
  public CollectionSpec metric(Metric metric) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// With another element type.
  public CollectionSpec element(ElementType element) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// With another sonification.
  public CollectionSpec sonification(Sonification sonification) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// With another durability.
  public CollectionSpec durability(Durability durability) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// With another size of segments, in bytes.
  public CollectionSpec segmentBytes(long segmentBytes) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// With a time after which a vector expires unless it says when itself, in milliseconds; zero for
  /// never.
  public CollectionSpec timeToLive(Duration timeToLive) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// With another time for which deletes are kept, in milliseconds.
  public CollectionSpec retention(Duration retention) {
    return new CollectionSpec(
        dimension, metric, element, sonification, durability, segmentBytes, timeToLive, retention);
  }

  /// What a manifest says.
  static CollectionSpec of(Manifest manifest) {
    CollectionHeader header = manifest.header();
    return new CollectionSpec(
        header.dimension(),
        Metric.parse(header.metric()),
        header.format().element(),
        header.format().sonification(),
        manifest.syncsWrites() ? Durability.FSYNC : Durability.OS,
        manifest.segmentBytes(),
        Duration.ofMillis(manifest.settings().timeToLiveMillis()),
        Duration.ofMillis(manifest.settings().retentionMillis()));
  }

  CollectionHeader header(String name, UUID uuid) {
    return new CollectionHeader(name, uuid, dimension, format(), metric.toString());
  }

  Manifest.Settings settings() {
    return new Manifest.Settings(
        durability == Durability.FSYNC, segmentBytes, timeToLive.toMillis(), retention.toMillis());
  }

  SoundFormat format() {
    return new SoundFormat(element, sonification);
  }
}
