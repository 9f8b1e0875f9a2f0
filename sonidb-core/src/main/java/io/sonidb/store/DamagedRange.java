package io.sonidb.store;

import io.sonidb.sound.VectorId;
import java.util.Optional;

/// Bytes of a collection that are not as they were written.
///
/// @param file path below the collection's folder
/// @param offset byte position in the file, -1 when it is the file as a whole
/// @param sample time position in the file's audio, -1 when unknown
/// @param id whose record it is, when that is known
/// @param reason what is wrong, for people
public record DamagedRange(
    String file, long offset, long sample, Optional<VectorId> id, String reason) {
  static DamagedRange ofFile(String file, String reason) {
    return new DamagedRange(file, -1, -1, Optional.empty(), reason);
  }
}
