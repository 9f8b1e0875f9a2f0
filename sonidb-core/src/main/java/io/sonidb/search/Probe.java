package io.sonidb.search;

/// One search, as it is planned: what is asked of an exact scan as of a graph.
///
/// @param score what makes two vectors alike
/// @param wanted what the best match is like
/// @param accept which vectors may be found
/// @param most how many are wanted: those that are skipped counted
/// @param floor matches of a lower score are none; higher is better here, whatever the metric
public record Probe(Score score, Wanted wanted, AcceptBits accept, int most, double floor) {}
