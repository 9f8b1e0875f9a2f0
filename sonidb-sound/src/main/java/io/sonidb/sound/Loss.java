package io.sonidb.sound;

import java.util.Optional;
import java.util.OptionalLong;

/// A place in sound where something was and no whole record came of it.
///
/// @param firstSample where, in samples from the start of what was heard
/// @param offset in a FLAC stream, the first of the bytes that are no whole frame; empty if all
///   frames there were sound
/// @param bytes how many bytes those are; 0 if there are none
/// @param id whose record it was, as far as its header tells: its contents are not what they should
///   be
/// @param reason what is wrong
public record Loss(
    long firstSample, OptionalLong offset, long bytes, Optional<VectorId> id, String reason) {}
