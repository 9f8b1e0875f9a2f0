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
  requires tools.jackson.databind;

  opens io.sonidb.cli to
      info.picocli;
}
