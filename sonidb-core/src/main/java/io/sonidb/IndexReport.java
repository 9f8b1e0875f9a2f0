package io.sonidb;

import java.nio.file.Path;
import java.util.List;

/// What `buildIndex` did.
///
/// @param segments sealed segments in the index
/// @param vectors in the collection
/// @param indexBytes of all index files
/// @param seconds it took
/// @param repaired what was found damaged and made again, for people
/// @param damaged records that are not as they were written; `verifyIntegrity` names them
/// @param sfv the SFV file
public record IndexReport(
    long segments,
    long vectors,
    long indexBytes,
    double seconds,
    List<String> repaired,
    long damaged,
    Path sfv) {
  public IndexReport {
    repaired = List.copyOf(repaired);
  }
}
