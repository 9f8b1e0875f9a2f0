import org.jspecify.annotations.NullMarked;

/// The embedded database: collections of vectors, kept as FLAC files in a folder.
@NullMarked
@SuppressWarnings("module") // those it exports to are compiled later
module io.sonidb {
  requires static transitive org.jspecify;
  requires transitive io.sonidb.sound;
  requires java.logging;
  requires jdk.incubator.vector;
  requires org.apache.lucene.core;
  requires roaringbitmap;
  requires tools.jackson.databind;
  requires tools.jackson.dataformat.cbor;

  uses io.sonidb.NodeSync;

  exports io.sonidb;
  exports io.sonidb.file;
  exports io.sonidb.filter;
  exports io.sonidb.json to
      io.sonidb.client,
      io.sonidb.server;
}
