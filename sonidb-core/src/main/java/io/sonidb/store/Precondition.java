package io.sonidb.store;

import io.sonidb.sound.VectorId;
import java.util.List;

/// What must hold, at the place in the log that records are about to take, for them to be written.
///
/// It is checked on the appender's thread when every earlier record of its ids is published, and
/// none of them can be written between the check and the records.
public interface Precondition {
  /// The ids whose records it looks at.
  List<VectorId> ids();

  /// Does nothing if it holds.
  ///
  /// @throws PreconditionFailedException if it does not; then nothing is written
  void check() throws PreconditionFailedException;
}
