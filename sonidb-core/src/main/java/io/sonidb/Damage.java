package io.sonidb;

import io.sonidb.sound.VectorId;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// Something in a collection that is not as it was written.
///
/// @param file path below the collection's folder
/// @param offset byte position in the file, if it is a place in it
/// @param timeSeconds time position in the file's audio, if it is a place in it
/// @param id whose vector it is, if that is known
/// @param reason what is wrong
public record Damage(
    String file,
    OptionalLong offset,
    OptionalDouble timeSeconds,
    Optional<VectorId> id,
    String reason) {
  /// A line for people: vector, file, place, reason.
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder();
    id.ifPresent(known -> line.append("vector ").append(known).append(" in "));
    line.append(file);
    offset.ifPresent(at -> line.append(" at byte ").append(at));
    timeSeconds.ifPresent(
        time -> line.append(String.format(java.util.Locale.ROOT, " (%.3f s)", time)));
    return line.append(": ").append(reason).toString();
  }
}
