package io.sonidb;

/// What came of bringing a collection to another node.
///
/// @param target the other node
/// @param received what it says
/// @param files that were moved
/// @param bytes of them
/// @param totalFiles that make up the collection
/// @param totalBytes of them
/// @param controllerBytes that went through the one who gave the commands
/// @param seconds that all took
public record SyncReport(
    String target,
    ReceiveReport received,
    long files,
    long bytes,
    long totalFiles,
    long totalBytes,
    long controllerBytes,
    double seconds) {}
