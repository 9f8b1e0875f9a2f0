import org.jspecify.annotations.NullMarked;

/// A FLAC encoder and decoder (RFC 9639) in plain Java, with nothing but the JDK behind it.
@NullMarked
module io.sonidb.flac {
  requires static transitive org.jspecify;
  // The codec is faster with it and works without.
  requires static jdk.incubator.vector;

  exports io.sonidb.flac;
}
