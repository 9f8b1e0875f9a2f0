package io.sonidb;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.Optional;

/// A vector that a search found.
///
/// @param id what it is called
/// @param score by the collection's metric: cosine and inner product higher is better, distances
///   lower
/// @param payload what it carries, as far as the query wants it
/// @param vector its components, if the query wants them
/// @param sequence number of its newest change
/// @param insertedAt when its vector was written
/// @param expiresAt from when on it is not there any more; empty for never
public record Hit(
    VectorId id,
    double score,
    Payload payload,
    Optional<Vector> vector,
    long sequence,
    Optional<Instant> insertedAt,
    Optional<Instant> expiresAt) {}
