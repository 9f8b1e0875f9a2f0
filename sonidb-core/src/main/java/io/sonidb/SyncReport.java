package io.sonidb;

/// What came of bringing a collection to another node.
///
/// @param target the other node
/// @param received what it says
/// @param files that were moved
/// @param bytes of them
/// @param totalFiles that make up the collection
/// @param totalBytes of them
/// @param newest number of the newest write that the source had, which is higher than what was
///   received if some of its writes are in the open segment, and that was not sealed
/// @param controllerBytes that went through the one who gave the commands
/// @param seconds that all took
public record SyncReport(
    String target,
    ReceiveReport received,
    long files,
    long bytes,
    long totalFiles,
    long totalBytes,
    long newest,
    long controllerBytes,
    double seconds) {}
