package io.sonidb.cli;

import java.nio.file.Path;

/// What the demo measured of one collection.
///
/// @param streamMegabytesPerSecond of FLAC, in million bytes
/// @param decodedPerSecond vectors, on all cores
/// @param sfv the collection's SFV file
record DemoResult(
    int dimension,
    double ingestedPerSecond,
    double getP50Millis,
    double getP99Millis,
    double streamMegabytesPerSecond,
    double decodedPerSecond,
    double bytesPerVector,
    double recallAt10,
    double searchP50Millis,
    Path sfv) {}
