package io.sonidb.store;

/// What it took to make writes durable, since the log was opened.
///
/// @param count how many times files were synced
/// @param nanos that it took, all together
public record Syncs(long count, long nanos) {}
