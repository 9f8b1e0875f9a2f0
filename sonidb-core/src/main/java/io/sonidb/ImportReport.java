package io.sonidb;

import java.util.List;

/// What was imported.
///
/// @param collection that it was inserted into
/// @param vectors that were inserted
/// @param seconds it took
/// @param damaged vectors of the source that are not as they were written, and were left out
public record ImportReport(String collection, long vectors, double seconds, List<Damage> damaged) {
  public ImportReport {
    damaged = List.copyOf(damaged);
  }
}
