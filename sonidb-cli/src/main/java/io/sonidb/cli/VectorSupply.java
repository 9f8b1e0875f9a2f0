package io.sonidb.cli;

import io.sonidb.sound.ElementType;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A file whose vectors can be inserted.
sealed interface VectorSupply permits FileSupply, AudioSupply {

  /// Where vectors go, decided when the first one tells what it is like.
  @FunctionalInterface
  interface Target {
    /// Finds or creates the collection.
    BatchInserter open(int dimension, ElementType natural);
  }

  /// What was inserted.
  ///
  /// @param inserted number of vectors
  /// @param replaced how many of them took another's place
  /// @param bytesPerVector mean size of a record of the collection
  /// @param remarks what the user should know, for people
  record Outcome(long inserted, long replaced, double bytesPerVector, List<String> remarks) {

    public Outcome {
      remarks = List.copyOf(remarks);
    }

    static Outcome of(BatchInserter inserter, List<String> remarks) {
      return new Outcome(
          inserter.inserted(),
          inserter.replaced(),
          inserter.collection().stats().bytesPerVector(),
          remarks);
    }
  }

  /// Inserts everything.
  ///
  /// @param element the element type the vectors shall have, or empty for their own
  /// @throws CommandFailure if it stops early; the message says where, and how many are inserted
  Outcome insert(
      Target target, Optional<ElementType> element, ProgressBar progress, Interruption interruption)
      throws IOException;
}
