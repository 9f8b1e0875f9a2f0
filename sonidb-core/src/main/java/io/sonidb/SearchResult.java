package io.sonidb;

import java.util.List;

/// What a search found.
///
/// @param hits best first; equal scores by ascending id
/// @param exact whether every vector was compared
/// @param seconds how long it took
public record SearchResult(List<Hit> hits, boolean exact, double seconds) {
  public SearchResult {
    hits = List.copyOf(hits);
  }
}
