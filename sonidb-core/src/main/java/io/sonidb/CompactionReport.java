package io.sonidb;

/// What a compaction did.
///
/// @param segmentsBefore segments there were
/// @param segmentsAfter segments there are
/// @param bytesBefore bytes of all frames before
/// @param bytesAfter bytes of all frames afterwards
/// @param seconds it took
public record CompactionReport(
    long segmentsBefore, long segmentsAfter, long bytesBefore, long bytesAfter, double seconds) {}
