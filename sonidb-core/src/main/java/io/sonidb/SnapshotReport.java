package io.sonidb;

/// What a snapshot holds, and what it took.
///
/// @param collection its name
/// @param segments in it
/// @param vectors in it
/// @param bytes of its segments and their `.idx` files
/// @param newBytes of those that the folder did not have
/// @param linked whether none of those had to be copied, so that they share the disk with the
///   collection
/// @param sequence number of the newest write in it
/// @param seconds it took
public record SnapshotReport(
    String collection,
    long segments,
    long vectors,
    long bytes,
    long newBytes,
    boolean linked,
    long sequence,
    double seconds) {}
