package io.sonidb.server;

import io.sonidb.SoniDb;
import io.sonidb.server.config.NodeConfig;
import io.sonidb.server.hls.LiveClock;
import io.sonidb.server.http.HttpListener;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.util.OptionalInt;

/// A node: a data folder that is open, and reached by HTTP.
///
/// ```java
/// try (Node node = Node.start(NodeConfig.of(Path.of("data")), System.err)) {
///   ... // node.uri()
/// }
/// ```
public final class Node implements AutoCloseable {
  private final SoniDb database;
  private final HttpListener http;

  private Node(SoniDb database, HttpListener http) {
    this.database = database;
    this.http = http;
  }

  /// Opens the data folder and begins to listen.
  ///
  /// @param err for what people who look after the node must know
  /// @throws io.sonidb.SoniDbException if the folder cannot be opened
  /// @throws io.sonidb.server.config.ConfigException if it cannot be as the configuration says
  /// @throws IOException if the address is in use, or a file cannot be read or written
  public static Node start(NodeConfig config, PrintStream err) throws IOException {
    return start(config, err, LiveClock.SYSTEM);
  }

  /// @param clock by which live sound is cut
  static Node start(NodeConfig config, PrintStream err, LiveClock clock) throws IOException {
    SoniDb database = SoniDb.open(config.data());
    try {
      database.warnings().forEach(warning -> err.println("sonidb: warning: " + warning));
      return new Node(database, HttpListener.start(config, database, err, clock));
    } catch (IOException | RuntimeException e) {
      database.close();
      throw e;
    }
  }

  /// Where it is reached.
  public URI uri() {
    return http.uri();
  }

  /// The port of the FTP server, by which other nodes move files, if there is one.
  public OptionalInt ftpPort() {
    return http.ftpPort();
  }

  /// Lets requests finish that are under way, and closes the database.
  @Override
  public void close() {
    try {
      http.close();
    } finally {
      database.close();
    }
  }
}
