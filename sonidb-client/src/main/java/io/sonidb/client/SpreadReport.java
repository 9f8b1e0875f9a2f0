package io.sonidb.client;

import io.sonidb.SyncReport;
import java.util.Optional;

/// What became of one of many nodes that a collection was brought to.
///
/// @param target the node
/// @param report if all is well; bytes through the controller and seconds are of all together
/// @param error why not, otherwise
/// @param bytesFromSource that the source sent to it
/// @param bytesFromOthers that other targets passed on to it
public record SpreadReport(
    String target,
    Optional<SyncReport> report,
    Optional<String> error,
    long bytesFromSource,
    long bytesFromOthers) {}
