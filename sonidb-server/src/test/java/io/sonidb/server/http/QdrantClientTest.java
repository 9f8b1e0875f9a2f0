package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sonidb.server.TestNode;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Qdrant's own JavaScript client goes through every call that the node knows. It is installed with
/// npm into `target`, once.
class QdrantClientTest {
  private static final String CLIENT = "@qdrant/js-client-rest@1.18.0";
  private static final Path HOME = Path.of("target", "qdrant-client");

  @TempDir Path folder;

  @Test
  void qdrantsOwnClientIsContentWithEveryCall() throws Exception {
    install();
    Path script = HOME.resolve("qdrant-client.mjs");
    try (InputStream in =
        Objects.requireNonNull(getClass().getResourceAsStream("qdrant-client.mjs"))) {
      Files.write(script, in.readAllBytes());
    }
    try (TestNode node = TestNode.start(folder.resolve("data"))) {
      Ended ended = run(60, "node", script.getFileName().toString(), node.uri().toString());
      assertThat(ended.said()).as("what the node said: " + node.said()).endsWith("done\n");
      assertThat(node.said()).doesNotContain("error");
    }
  }

  private static void install() throws IOException, InterruptedException {
    assumeTrue(isThere("node") && isThere("npm"), "node and npm are not installed");
    Files.createDirectories(HOME);
    if (Files.exists(HOME.resolve("node_modules/@qdrant/js-client-rest/package.json"))) {
      return;
    }
    Files.writeString(HOME.resolve("package.json"), "{\"private\": true}");
    Ended ended = run(120, "npm", "install", "--no-audit", "--no-fund", CLIENT);
    assumeTrue(ended.code() == 0, "npm could not install " + CLIENT + ": " + ended.said());
  }

  private static boolean isThere(String program) {
    return List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).stream()
        .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
  }

  private record Ended(int code, String said) {}

  private static Ended run(int seconds, String... command)
      throws IOException, InterruptedException {
    Path said = Files.createTempFile("sonidb-", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(HOME.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    String text = Files.readString(said, StandardCharsets.UTF_8);
    Files.delete(said);
    return new Ended(process.waitFor(), text);
  }
}
