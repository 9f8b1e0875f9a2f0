/// Finding the vectors that are most like a query.
///
/// [io.sonidb.search.FlatSearch] compares with every vector. It sees vectors through
/// [io.sonidb.search.VectorSource] and knows nothing of files. A [io.sonidb.search.SearchPart]
/// tells which vectors are likely to be near, by codes and a graph, and a
/// [io.sonidb.search.PartBuilder] makes it. What is asked is a [io.sonidb.search.Probe]: metric,
/// examples, the vectors that may be found as bits for each segment, how many, and the score from
/// which on they count. Filters are known here as those bits alone.
package io.sonidb.search;
