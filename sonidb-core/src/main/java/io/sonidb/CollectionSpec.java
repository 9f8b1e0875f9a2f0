package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.payload.IndexedField;
import io.sonidb.payload.PayloadBlock;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.Vector;
import io.sonidb.store.CollectionHeader;
import io.sonidb.store.Manifest;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/// What a new collection is to be. Immutable: each setter gives a copy.
///
/// @param dimension components of each vector, 1 to 16,384
/// @param metric what makes two vectors alike
/// @param element type of the components
/// @param sonification how a vector becomes sound
/// @param quantize what vectors are rounded to before they are stored; float32 ones only
/// @param durability when a write is acknowledged
/// @param segmentBytes size at which a segment is sealed, 1 MiB to 1 GiB
/// @param timeToLive after which a vector expires, unless it says when itself; zero for never, at
///   most [#MAX_DURATION]
/// @param retention how long deletes are kept for those who follow the changes, at most
///   [#MAX_DURATION]
/// @param payloadIndexes paths of payload fields that are indexed, each with the type of its values
/// @param indexesWhatIsAsked whether fields that filters ask for, at the price of reading many
///   payloads, get indexed
public record CollectionSpec(
    int dimension,
    Metric metric,
    ElementType element,
    Sonification sonification,
    Quantisation quantize,
    Durability durability,
    long segmentBytes,
    Duration timeToLive,
    Duration retention,
    Map<String, FieldType> payloadIndexes,
    boolean indexesWhatIsAsked) {
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
    if (quantize.isRounding() && element != ElementType.FLOAT32) {
      throw new IllegalArgumentException(
          "only float32 collections are quantised: with "
              + quantize
              + " bits nothing of a "
              + element
              + " is left that a float32 does not hold");
    }
    checkDuration("time to live", timeToLive);
    checkDuration("retention", retention);
    if (payloadIndexes.size() > PayloadBlock.MAX_FIELDS) {
      throw new IllegalArgumentException(
          "payload fields that are indexed must be at most "
              + PayloadBlock.MAX_FIELDS
              + ", were "
              + payloadIndexes.size());
    }
    Map<String, FieldType> spelt = new TreeMap<>();
    payloadIndexes.forEach((path, type) -> spelt.put(FieldPath.parse(path).toString(), type));
    payloadIndexes = Collections.unmodifiableMap(spelt);
  }

  private static void checkDuration(String what, Duration duration) {
    if (duration.isNegative() || duration.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          what + " must be 0 to " + MAX_DURATION.toDays() + " days, was " + duration);
    }
  }

  /// Vectors of float32, stored exactly, compared by cosine, sonified by amplitude, durable by
  /// fsync, in segments of 128 MiB, that never expire; deletes are kept for 7 days.
  public static CollectionSpec dimension(int dimension) {
    return new CollectionSpec(
        dimension,
        Metric.COSINE,
        ElementType.FLOAT32,
        Sonification.AMPLITUDE,
        Quantisation.NONE,
        Durability.FSYNC,
        128L << 20,
        Duration.ZERO,
        Duration.ofDays(7),
        Map.of(),
        false);
  }

  /// With another metric.
  public CollectionSpec metric(Metric metric) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With another element type.
  public CollectionSpec element(ElementType element) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With another sonification.
  public CollectionSpec sonification(Sonification sonification) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With vectors rounded to so many bits a component before they are stored, or exact.
  public CollectionSpec quantize(Quantisation quantize) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With another durability.
  public CollectionSpec durability(Durability durability) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With another size of segments, in bytes.
  public CollectionSpec segmentBytes(long segmentBytes) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With a time after which a vector expires unless it says when itself, in milliseconds; zero for
  /// never.
  public CollectionSpec timeToLive(Duration timeToLive) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With another time for which deletes are kept, in milliseconds.
  public CollectionSpec retention(Duration retention) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        indexesWhatIsAsked);
  }

  /// With an index of a payload field, which takes the place of another one of that field.
  ///
  /// @param path as [FieldPath] has it
  public CollectionSpec payloadIndex(String path, FieldType type) {
    Map<String, FieldType> more = new TreeMap<>(payloadIndexes);
    more.put(FieldPath.parse(path).toString(), type);
    return payloadIndexes(more);
  }

  /// Without an index of a payload field.
  public CollectionSpec withoutPayloadIndex(String path) {
    Map<String, FieldType> fewer = new TreeMap<>(payloadIndexes);
    fewer.remove(FieldPath.parse(path).toString());
    return payloadIndexes(fewer);
  }

  private CollectionSpec payloadIndexes(Map<String, FieldType> indexes) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        indexes,
        indexesWhatIsAsked);
  }

  /// With or without indexes of fields that filters ask for, at the price of reading many payloads.
  public CollectionSpec indexesWhatIsAsked(boolean does) {
    return new CollectionSpec(
        dimension,
        metric,
        element,
        sonification,
        quantize,
        durability,
        segmentBytes,
        timeToLive,
        retention,
        payloadIndexes,
        does);
  }

  /// What a manifest says.
  static CollectionSpec of(Manifest manifest) {
    CollectionHeader header = manifest.header();
    return new CollectionSpec(
        header.dimension(),
        Metric.parse(header.metric()),
        header.format().element(),
        header.format().sonification(),
        header.quantize(),
        manifest.syncsWrites() ? Durability.FSYNC : Durability.OS,
        manifest.segmentBytes(),
        Duration.ofMillis(manifest.settings().timeToLiveMillis()),
        Duration.ofMillis(manifest.settings().retentionMillis()),
        types(manifest.settings().payloadIndexes()),
        manifest.settings().indexesWhatIsAsked());
  }

  CollectionHeader header(String name, UUID uuid) {
    return new CollectionHeader(name, uuid, dimension, format(), metric.toString(), quantize);
  }

  Manifest.Settings settings() {
    return new Manifest.Settings(
        durability == Durability.FSYNC,
        segmentBytes,
        timeToLive.toMillis(),
        retention.toMillis(),
        names(),
        indexesWhatIsAsked);
  }

  private Map<String, String> names() {
    Map<String, String> names = new TreeMap<>();
    payloadIndexes.forEach((path, type) -> names.put(path, type.toString()));
    return names;
  }

  private static Map<String, FieldType> types(Map<String, String> names) {
    Map<String, FieldType> types = new TreeMap<>();
    names.forEach((path, type) -> types.put(path, FieldType.parse(type)));
    return types;
  }

  /// The fields that are indexed.
  SortedSet<IndexedField> indexedFields() {
    SortedSet<IndexedField> fields = new TreeSet<>();
    payloadIndexes.forEach(
        (path, type) -> fields.add(new IndexedField(FieldPath.parse(path), type)));
    return fields;
  }

  SoundFormat format() {
    return new SoundFormat(element, sonification);
  }
}
