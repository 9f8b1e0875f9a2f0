package io.sonidb.server;

import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/// A node in a process of its own, which may be killed.
final class NodeProcess implements AutoCloseable {
  private static final String URL_FILE = "url";

  private final Process process;
  private final String url;

  private NodeProcess(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  /// Runs a node until the process ends.
  ///
  /// @param args the folder that holds all there is of it
  public static void main(String... args) throws Exception {
    Path folder = Path.of(args[0]);
    Node node =
        Node.start(
            NodeConfig.load(
                folder.resolve("data"),
                Optional.empty(),
                Map.of(),
                Map.of("http.port", "0", "ftp.enabled", "false")),
            System.err);
    Path file = folder.resolve(URL_FILE + ".new");
    Files.writeString(file, node.uri().toString());
    Files.move(file, folder.resolve(URL_FILE));
    new CountDownLatch(1).await();
  }

  /// @param flags for its JVM
  static NodeProcess start(Path folder, String... flags) throws IOException, InterruptedException {
    Path file = folder.resolve(URL_FILE);
    Files.deleteIfExists(file);
    List<String> command =
        Stream.of(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules=jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:TieredStopAtLevel=1"),
                Stream.of(flags),
                Stream.of(
                    "-cp",
                    System.getProperty("java.class.path"),
                    NodeProcess.class.getName(),
                    folder.toString()))
            .flatMap(some -> some)
            .toList();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("said").toFile()))
            .start();
    while (!Files.exists(file)) {
      if (!process.isAlive()) {
        throw new IOException("the node ended: " + Files.readString(folder.resolve("said")));
      }
      Thread.sleep(20);
    }
    return new NodeProcess(process, Files.readString(file));
  }

  String url() {
    return url;
  }

  /// As `kill -9` does.
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
