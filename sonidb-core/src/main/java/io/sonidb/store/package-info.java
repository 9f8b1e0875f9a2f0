/// The store: append-only FLAC segments, the manifest that lists them, and what happens to them.
///
/// [io.sonidb.store.SegmentLog] is the log of a collection: it appends, seals and recovers.
/// [io.sonidb.store.Storage] is the seam to the file system.
package io.sonidb.store;
