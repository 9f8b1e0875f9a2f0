package io.sonidb;

import io.sonidb.sound.VectorId;

/// One step in the history of a collection.
public sealed interface Change {
  /// Number of the write.
  long sequence();

  /// A vector was inserted or replaced.
  ///
  /// @param point as it was then
  record Upserted(Point point) implements Change {
    @Override
    public long sequence() {
      return point.sequence();
    }
  }

  /// The payload of a vector was changed; the vector was not.
  ///
  /// @param id what it is called
  /// @param payload all of it, as it was then
  /// @param sequence number of the write
  record PayloadChanged(VectorId id, Payload payload, long sequence) implements Change {}

  /// The time of a vector was up.
  ///
  /// @param id what it was called
  /// @param sequence number of the write that took it away
  record Expired(VectorId id, long sequence) implements Change {}

  /// A vector was deleted.
  ///
  /// @param id what it was called
  /// @param sequence number of the write
  record Deleted(VectorId id, long sequence) implements Change {}

  /// A record of the history is damaged.
  ///
  /// @param damage what is known of it
  /// @param sequence number of the write
  record Lost(Damage damage, long sequence) implements Change {}
}
