package io.sonidb;

import java.io.IOException;

/// Brings a collection of a database that is open in this process to a node. `sonidb-ftp` provides
/// it, by [java.util.ServiceLoader].
public interface NodeSync {
  /// Brings it there, with the secret that nodes of this user have in common.
  ///
  /// @param target `sonidb://host:port`
  /// @param seal whether what the open segment holds goes, too, which ends that segment
  /// @param progress hears bytes; may throw to end it
  /// @throws IllegalArgumentException if that is no node's address
  /// @throws IOException if it is not done
  SyncReport sync(
      SoniDb database, String collection, String target, boolean seal, Progress progress)
      throws IOException;
}
