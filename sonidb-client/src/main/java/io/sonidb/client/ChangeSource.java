package io.sonidb.client;

import io.sonidb.Change;
import java.io.IOException;
import java.util.Optional;

/// Changes that come one by one over one connection.
interface ChangeSource extends AutoCloseable {
  /// Opens a connection.
  @FunctionalInterface
  interface Opening {
    /// @param from first sequence number that is wanted
    /// @throws NodeException if there is no answer, or a refusal
    ChangeSource open(long from);
  }

  /// Waits for the next change.
  ///
  /// @return none when the node has ended the answer as it should
  /// @throws IOException if the connection broke, or something got lost on the way
  Optional<Change> next() throws IOException;

  /// The first sequence number that did not come yet.
  long nextSequence();

  @Override
  void close();
}
