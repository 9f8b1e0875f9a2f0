import org.jspecify.annotations.NullMarked;

/// Benchmarks; never published.
@NullMarked
module io.sonidb.bench {
  requires static org.jspecify;
  requires io.sonidb;
  requires io.sonidb.client;
  requires io.sonidb.ftp;
  requires jdk.incubator.vector;
  requires java.management;
  requires jdk.management;
  requires jmh.core;
  requires jvector;
  requires org.apache.lucene.core;
  requires tools.jackson.core;
}
