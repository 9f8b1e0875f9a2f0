package io.sonidb;

import java.util.List;

/// What was restored of a snapshot.
///
/// @param collection its name in this database
/// @param segments in it
/// @param vectors in it
/// @param bytes of its segments
/// @param seconds it took
/// @param repaired what was damaged in the snapshot and could be made again, for people
public record RestoreReport(
    String collection,
    long segments,
    long vectors,
    long bytes,
    double seconds,
    List<String> repaired) {
  public RestoreReport {
    repaired = List.copyOf(repaired);
  }
}
