package io.sonidb.client;

/// What came of writing a collection to a server that is no node.
///
/// @param files that were moved
/// @param bytes of them
/// @param totalFiles that make up the collection
/// @param totalBytes of them
/// @param checkedBy by what the server's files were compared, the least sure of them: `sha256`,
///   `crc32`, `size` or `none`
/// @param controllerBytes that went through the node that gave the commands
public record ColdReport(
    long files,
    long bytes,
    long totalFiles,
    long totalBytes,
    String checkedBy,
    long controllerBytes) {}
