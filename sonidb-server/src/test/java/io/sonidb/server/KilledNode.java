package io.sonidb.server;

import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// A node in a process of its own, which can be killed. It ends when its input does.
final class KilledNode {
  private KilledNode() {}

  /// @param args data folder, file of the secret, HTTP port, address to listen on
  public static void main(String[] args) throws IOException {
    Node node =
        Node.start(
            NodeConfig.load(
                Path.of(args[0]),
                Optional.empty(),
                Map.of(),
                Map.of(
                    "http.port",
                    args[2],
                    "http.host",
                    args[3],
                    "http.insecure",
                    "true",
                    "ftp.enabled",
                    "true",
                    "ftp.port",
                    "0",
                    "cluster.secret_file",
                    args[1])),
            System.err);
    System.out.println(node.uri());
    while (System.in.read() >= 0) {
      // It is told by the end alone.
    }
    Runtime.getRuntime().halt(0);
  }
}
