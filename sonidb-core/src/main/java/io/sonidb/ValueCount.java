package io.sonidb;

import io.sonidb.filter.Scalar;

/// A value and how many points have it.
///
/// @param value of a field
/// @param count points that have it, each counted once
public record ValueCount(Scalar value, long count) {}
