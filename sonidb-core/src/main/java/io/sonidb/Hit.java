package io.sonidb;

import io.sonidb.sound.VectorId;

/// A vector that a search found.
///
/// @param id what it is called
/// @param score by the collection's metric: cosine and inner product higher is better, distances
///   lower
/// @param payload what it carries
/// @param sequence number of the write that made it
public record Hit(VectorId id, double score, Payload payload, long sequence) {}
