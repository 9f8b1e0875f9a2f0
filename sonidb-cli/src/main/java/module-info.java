import org.jspecify.annotations.NullMarked;

/// The `sonidb` command.
@NullMarked
module io.sonidb.cli {
  requires static org.jspecify;
  requires io.sonidb;
  requires io.sonidb.client;
  requires io.sonidb.ftp;
  requires io.sonidb.server;
  requires info.picocli;
  requires java.desktop;
  requires java.net.http;
  requires tools.jackson.core;
  requires tools.jackson.databind;

  exports io.sonidb.cli.model;

  // Optional, and on the class path: the module sonidb-onnx.
  uses io.sonidb.cli.model.ModelProvider;

  opens io.sonidb.cli to
      info.picocli;
}
