package io.sonidb;

import java.util.List;

/// What a search found.
///
/// @param hits best first; equal scores by ascending id
/// @param exact whether every vector was compared
/// @param damaged vectors that could not be compared because they are not as they were written
/// @param seconds how long it took
public record SearchResult(List<Hit> hits, boolean exact, List<Damage> damaged, double seconds) {
  public SearchResult {
    hits = List.copyOf(hits);
    damaged = List.copyOf(damaged);
  }
}
