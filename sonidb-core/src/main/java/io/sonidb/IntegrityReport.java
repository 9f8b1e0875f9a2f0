package io.sonidb;

import java.util.List;

/// What `verifyIntegrity` found.
///
/// @param ok whether everything is as it was written
/// @param vectors that are live
/// @param segments that were looked at
/// @param bytes that were read
/// @param seconds it took
/// @param damaged what is not as it was written
/// @param repaired segments that were damaged and got replaced by those of a peer, if that was
///   asked
public record IntegrityReport(
    boolean ok,
    long vectors,
    long segments,
    long bytes,
    double seconds,
    List<Damage> damaged,
    List<String> repaired) {
  public IntegrityReport {
    damaged = List.copyOf(damaged);
    repaired = List.copyOf(repaired);
  }

  /// The same, found after some segments were replaced.
  public IntegrityReport afterRepairing(List<String> segments) {
    return new IntegrityReport(ok, vectors, this.segments, bytes, seconds, damaged, segments);
  }
}
