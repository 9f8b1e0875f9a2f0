/// Finding the vectors that are most like a query.
///
/// [io.sonidb.search.FlatSearch] compares with every vector. It sees vectors through
/// [io.sonidb.search.VectorSource] and knows nothing of files.
package io.sonidb.search;
