package io.sonidb.file;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.Optional;

/// One vector of a file.
///
/// @param number the row's number, from 0; blank lines and header lines are not rows
/// @param position where the row starts: the line from 1 in text files, the byte offset in others
/// @param id the row's id, if the file has one for it
/// @param vector its values; nobody else holds them
/// @param payload its payload as the JSON text of an object, if the file has one for it
/// @param expiresAt from when on it is not to be there any more, if the file says so
public record VectorRow(
    long number,
    long position,
    Optional<VectorId> id,
    Vector vector,
    Optional<String> payload,
    Optional<Instant> expiresAt) {}
