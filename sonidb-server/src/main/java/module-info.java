import org.jspecify.annotations.NullMarked;

/// The node: the database behind HTTP.
@NullMarked
module io.sonidb.server {
  requires static org.jspecify;
  requires transitive io.sonidb;
  requires io.sonidb.ftp;
  requires java.logging;
  requires java.management;
  requires org.eclipse.jetty.alpn.server;
  requires org.eclipse.jetty.http;
  requires org.eclipse.jetty.http2.server;
  requires org.eclipse.jetty.io;
  requires org.eclipse.jetty.server;
  requires org.eclipse.jetty.util;
  requires tools.jackson.databind;
  requires tools.jackson.dataformat.cbor;
  requires tools.jackson.dataformat.yaml;

  exports io.sonidb.server;
  exports io.sonidb.server.config;
  exports io.sonidb.server.webrtc;

  // Optional, and on the class path: the module sonidb-webrtc.
  uses io.sonidb.server.webrtc.PeerProvider;
}
