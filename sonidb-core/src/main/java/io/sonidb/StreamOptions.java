package io.sonidb;

import io.sonidb.filter.Filter;

/// Which records an [AudioStream] has, and in which container. Immutable: each setter gives a copy.
///
/// @param container of the frames
/// @param shard which of the shards, from 0. A record is in the shard that is its id's fingerprint
///   ([io.sonidb.sound.VectorId#fingerprint], unsigned) modulo `shards`: for ever the same, and all
///   records of an id in one. Skip records, which have no id, are in shard 0
/// @param shards in how many the records are divided, 1 to [#MAX_SHARDS]
/// @param filter what the payload of an upsert, or the new payload of a payload change, must
///   fulfil. Deletes are always there: nobody knows any more what they deleted
public record StreamOptions(Container container, int shard, int shards, Filter filter) {
  /// Most shards.
  public static final int MAX_SHARDS = 4096;

  /// All records, as FLAC.
  public static final StreamOptions ALL = new StreamOptions(Container.FLAC, 0, 1, Filter.ALL);

  /// What the frames lie in.
  public enum Container {
    /// The native stream of RFC 9639.
    FLAC,
    /// FLAC in Ogg, RFC 9639, section 10.1.
    OGG
  }

  /// Checks the shards.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public StreamOptions {
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException("shards must be 1 to " + MAX_SHARDS + ", were " + shards);
    }
    if (shard < 0 || shard >= shards) {
      throw new IllegalArgumentException(
          "shard must be 0 to " + (shards - 1) + " of " + shards + ", was " + shard);
    }
  }

  /// In another container.
  public StreamOptions container(Container other) {
    return new StreamOptions(other, shard, shards, filter);
  }

  /// Another shard.
  public StreamOptions shard(int index, int count) {
    return new StreamOptions(container, index, count, filter);
  }

  /// With another filter.
  public StreamOptions filter(Filter other) {
    return new StreamOptions(container, shard, shards, other);
  }
}
