import org.jspecify.annotations.NullMarked;

/// The client: talks to a node in the words of the embedded database.
@NullMarked
module io.sonidb.client {
  requires static org.jspecify;
  requires transitive io.sonidb;
  requires java.net.http;
  requires tools.jackson.databind;
  requires tools.jackson.dataformat.cbor;

  exports io.sonidb.client;
}
