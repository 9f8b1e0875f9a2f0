package io.sonidb;

import java.util.List;

/// What a search found.
///
/// @param hits best first; equal scores by ascending id
/// @param exact whether every vector that fulfils the filter was compared
/// @param sequence number of the newest write that was there: the same query among the same writes
///   finds the same, to the bit
/// @param generation of the search index: the same query among the same writes by the same index
///   finds the same, to the bit, whatever `exact` says
/// @param filtering what the filter cost
/// @param damaged vectors that could not be compared because they are not as they were written
/// @param seconds how long it took, together with the other queries of its batch
public record SearchResult(
    List<Hit> hits,
    boolean exact,
    long sequence,
    String generation,
    Filtering filtering,
    List<Damage> damaged,
    double seconds) {
  public SearchResult {
    hits = List.copyOf(hits);
    damaged = List.copyOf(damaged);
  }

  /// What a filter cost.
  ///
  /// @param matched vectors that fulfil it; all of them if there was none
  /// @param payloadsRead payloads that had to be looked into, because a field is not indexed, has
  ///   values that its index does not know, or was just written
  /// @param unindexed fields that it asks for and that have no index
  public record Filtering(long matched, long payloadsRead, List<String> unindexed) {
    public Filtering {
      unindexed = List.copyOf(unindexed);
    }
  }
}
