package io.sonidb.client;

import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Nodes on free ports.
final class TestNodes {
  private TestNodes() {}

  static Node start(Path data) throws IOException {
    return start(data, Map.of());
  }

  /// @param settings beside a free port
  static Node start(Path data, Map<String, String> settings) throws IOException {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("http.port", "0");
    all.putIfAbsent("ftp.enabled", "false");
    return Node.start(
        NodeConfig.load(data, Optional.empty(), Map.of(), all),
        new PrintStream(OutputStream.nullOutputStream()));
  }

  static SoniDbClient client(Node node) {
    return SoniDbClient.of(ClientOptions.of(node.uri()));
  }
}
