package io.sonidb;

import io.sonidb.filter.Scalar;
import java.util.List;

/// Groups of hits.
///
/// @param groups by their best hit, best first
/// @param sequence number of the newest write that was there
/// @param damaged vectors that could not be compared because they are not as they were written
/// @param seconds how long it took
public record GroupResult(List<Group> groups, long sequence, List<Damage> damaged, double seconds) {
  public GroupResult {
    groups = List.copyOf(groups);
    damaged = List.copyOf(damaged);
  }

  /// One group.
  ///
  /// @param value that its points have in common
  /// @param hits best first
  public record Group(Scalar value, List<Hit> hits) {
    public Group {
      hits = List.copyOf(hits);
    }
  }
}
