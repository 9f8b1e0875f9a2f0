package io.sonidb;

/// A stretch of a collection's sound: some records of a segment, one behind the other. What lies in
/// it never changes; it is gone when the segment is, by compaction.
///
/// @param segment name of the segment's file, without its ending
/// @param first ordinal of its first record
/// @param end ordinal behind its last record
/// @param samples of all of them
public record AudioCut(String segment, int first, int end, long samples) {}
