package io.sonidb;

/// Where the record with a vector lies.
///
/// @param file the segment's name
/// @param isSealed whether the segment is complete
/// @param offset of the record in the file, in bytes
/// @param length of its frames, in bytes
/// @param firstSample its time position, in samples from the beginning of the file
/// @param samples how long it sounds
/// @param sampleRateHz how many samples are a second
/// @param sequence number of the write
/// @param hash XXH64 of the record
public record VectorPlace(
    String file,
    boolean isSealed,
    long offset,
    int length,
    long firstSample,
    int samples,
    int sampleRateHz,
    long sequence,
    long hash) {}
