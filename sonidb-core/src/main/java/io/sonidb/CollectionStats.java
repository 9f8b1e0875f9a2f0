package io.sonidb;

import io.sonidb.filter.FieldType;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// Figures of a collection.
///
/// @param vectors that are live
/// @param records in the log, superseded ones and deletes included
/// @param segments files
/// @param sealedSegments files that are complete
/// @param diskBytes of all files
/// @param bytesPerVector bytes of all frames, record headers and ids included, by the number of
///   records
/// @param headerBytes of FLAC metadata at the heads of segments
/// @param indexBytes of `.idx` files, directory, SFV and manifest
/// @param liveBytes of the frames that are needed: vectors, payloads, deletes within the retention
/// @param spaceAmplification bytes of all frames by those that are needed; 1 when nothing is
///   superseded
/// @param directoryBytes of memory or mapped file that the directory takes
/// @param lastSequence number of the newest write
/// @param horizon up to this sequence number deletes may be missing from the history: changes from
///   there on cannot be subscribed to
/// @param completeFrom from this sequence number on every change is in the history, superseded or
///   not
/// @param outdatedSegments that are yet to be rewritten since the collection was altered
/// @param dimension components of each vector
/// @param element their type
/// @param sonification how a vector becomes sound
/// @param quantize what vectors are rounded to before they are stored
/// @param rounding what that did to a sample; empty if it is not known, or nothing is rounded
/// @param metric what makes two vectors alike
/// @param durability when a write is acknowledged
/// @param payloadIndexes payload fields that are indexed, with the types of their values; filters
///   on others read payloads
/// @param payloadIndexBytes of their indexes, as far as they were used since it was opened
/// @param search how far the search index is
/// @param copy whether it is a copy of a collection elsewhere, and how far
/// @param syncs how many times written segments were synced since it was opened
/// @param syncSeconds that it took
/// @param kernels which loops score vectors: `scalar`, or `simd` and the width
/// @param codecKernels which loops code FLAC frames, likewise
public record CollectionStats(
    long vectors,
    long records,
    long segments,
    long sealedSegments,
    long diskBytes,
    double bytesPerVector,
    long headerBytes,
    long indexBytes,
    long liveBytes,
    double spaceAmplification,
    long directoryBytes,
    long lastSequence,
    long horizon,
    long completeFrom,
    long outdatedSegments,
    int dimension,
    ElementType element,
    Sonification sonification,
    Quantisation quantize,
    Optional<RoundingReport> rounding,
    Metric metric,
    Durability durability,
    Map<String, FieldType> payloadIndexes,
    long payloadIndexBytes,
    SearchIndex search,
    Copy copy,
    long syncs,
    double syncSeconds,
    String kernels,
    String codecKernels) {
  /// Whose history a collection has.
  ///
  /// @param isReplica whether it is a copy of a collection elsewhere, which is not written to here
  /// @param epoch of its history
  /// @param lagSeconds of a replica, how long ago it was found to have its source's state; empty if
  ///   that has not happened since it was opened
  /// @param lagWrites how many writes of its source it had not then; empty likewise
  public record Copy(
      boolean isReplica, int epoch, OptionalDouble lagSeconds, OptionalLong lagWrites) {}

  /// How far the search index is. What it does not have is found by comparing, which takes longer.
  ///
  /// @param parts files, each of a range of writes
  /// @param bytes of them
  /// @param linked vectors that are in a graph
  /// @param coded vectors that have codes, and wait for a graph
  /// @param backlog writes that wait for codes
  /// @param generation of the index, as [SearchResult] has it
  public record SearchIndex(
      int parts, long bytes, long linked, long coded, long backlog, String generation) {}
}
