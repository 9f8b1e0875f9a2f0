package io.sonidb;

import java.util.OptionalDouble;

/// What rounding did to the first vectors of a collection, measured on a sample of them before the
/// exact ones were thrown away.
///
/// @param sample how many vectors were compared
/// @param step the mean of their steps; each has its own
/// @param maxError largest change of a component
/// @param rmsError root mean square of the changes of all components
/// @param relativeError by the root mean square of the components themselves
/// @param recallAt10 share of the true ten nearest, by the collection's metric and within the
///   sample, that a search for an exact vector finds; empty when the sample has ten vectors or
///   fewer
public record RoundingReport(
    int sample,
    double step,
    double maxError,
    double rmsError,
    double relativeError,
    OptionalDouble recallAt10) {}
