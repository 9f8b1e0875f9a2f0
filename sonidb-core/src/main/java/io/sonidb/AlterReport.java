package io.sonidb;

/// What changing a collection took.
///
/// @param segmentsRewritten segments whose file metadata said what the collection was before
/// @param seconds it took
public record AlterReport(long segmentsRewritten, double seconds) {}
