/// The external index: which record of which segment holds an id.
///
/// [io.sonidb.index.SegmentIndex] is the `.idx` file of one segment, [io.sonidb.index.Directory]
/// finds an id among all segments of a collection.
package io.sonidb.index;
