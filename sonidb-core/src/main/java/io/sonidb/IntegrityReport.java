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
public record IntegrityReport(
    boolean ok, long vectors, long segments, long bytes, double seconds, List<Damage> damaged) {
  public IntegrityReport {
    damaged = List.copyOf(damaged);
  }
}
