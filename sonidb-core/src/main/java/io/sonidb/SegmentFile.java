package io.sonidb;

import java.util.Optional;

/// A file of a collection's folder `segments`, as it is listed.
///
/// @param file its name
/// @param bytes of it that count
/// @param records in it
/// @param firstSequence number of its first record; 0 if it has none
/// @param lastSequence number of its last record; 0 if it has none
/// @param checksums if it is sealed: it is complete then, and never changes
public record SegmentFile(
    String file,
    long bytes,
    long records,
    long firstSequence,
    long lastSequence,
    Optional<Checksums> checksums) {
  /// What a sealed file must sum up to.
  ///
  /// @param crc32 eight hexadecimal digits, as in `index.sfv`
  /// @param sha256 64 hexadecimal digits
  public record Checksums(String crc32, String sha256) {}

  /// Whether it is complete.
  public boolean isSealed() {
    return checksums.isPresent();
  }
}
