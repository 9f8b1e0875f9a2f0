package io.sonidb;

/// A file of a search index.
///
/// @param file its name
/// @param firstSequence number of the first write that it is for
/// @param lastSequence number of the last one
/// @param vectors in it
/// @param hasGraph whether they are in a graph; else they have codes only, which are compared one
///   by one
/// @param bytes of the file
public record SearchIndexPart(
    String file,
    long firstSequence,
    long lastSequence,
    long vectors,
    boolean hasGraph,
    long bytes) {}
