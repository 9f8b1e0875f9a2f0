package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.NodeSyncException;
import io.sonidb.SoniDb;
import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// `sync`, `promote`, `verify --repair-from` and `restore` between two nodes.
class SyncCommandsTest {
  private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();

  @TempDir Path folder;
  private Path secret;
  private Node a;
  private Node b;
  private String target;

  @BeforeEach
  void start() throws Exception {
    secret = folder.resolve(".config/sonidb/cluster.secret");
    a = node("a");
    b = node("b");
    target = b.uri().toString().replace("http://", "sonidb://");
  }

  @AfterEach
  void stop() {
    a.close();
    b.close();
  }

  private Node node(String name) throws Exception {
    Map<String, String> settings =
        Map.of(
            "http.port", "0",
            "ftp.enabled", "true",
            "ftp.port", "0",
            "cluster.secret_file", secret.toString());
    return Node.start(
        NodeConfig.load(folder.resolve(name), Optional.empty(), Map.of(), settings),
        new PrintStream(OutputStream.nullOutputStream()));
  }

  private Cli on(Node node) {
    return new Cli(folder.resolve("none")).environment("SONIDB_URL", node.uri().toString());
  }

  private void fill(Cli cli) throws Exception {
    cli.ok("insert", "songs", Cli.threeDimensional(folder, 20).toString(), "--metric", "dot");
  }

  private long vectors(Node node) {
    return on(node).ok("stats", "songs", "--json").json().path("vectors").asLong(-1);
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    fill(on(a));
    assertThat(new Cli(folder.resolve("x")).run("sync", "songs", target, "--follow").exitCode())
        .isEqualTo(2);
    assertThat(new Cli(folder.resolve("x")).run("sync", "songs", "ftps://u@h/p").exitCode())
        .isEqualTo(2);
    assertThat(new Cli(folder.resolve("x")).run("restore", "ftps://u@h/p").exitCode()).isEqualTo(2);
    assertThat(on(a).run("restore", "ftps://u@h/p", "songs").exitCode()).isEqualTo(2);
    for (String[] line :
        new String[][] {{"sync", "songs", "ftps://u@h/p"}, {"restore", "ftps://u@h/p"}}) {
      Cli.Outcome refused = on(a).run(line);
      assertThat(refused.exitCode()).isEqualTo(6);
      assertThat(refused.err()).contains("an administrator has not allowed it");
    }
    assertThat(on(a).run("sync", "songs", "sonidb://127.0.0.1:1").exitCode()).isEqualTo(6);
    assertThat(on(a).run("sync", "nothing", target).exitCode()).isEqualTo(4);
    assertThat(on(a).run("promote", "songs").exitCode()).isEqualTo(6);
  }

  @Test
  void bringsACollectionFromNodeToNodeAndPromotesIt() throws Exception {
    fill(on(a));
    JsonNode sent =
        on(a).ok("sync", "songs", target, "--seal", "--json").json().path("targets").path(0);
    assertThat(sent.path("vectors").asLong(0)).isEqualTo(20);
    assertThat(sent.path("controller_bytes").asLong(0)).isBetween(1L, 1_000_000L);
    assertThat(vectors(b)).isEqualTo(20);
    String more =
        Files.writeString(folder.resolve("one.jsonl"), "{\"id\":99,\"vector\":[1,2,3]}").toString();
    assertThat(on(b).run("insert", "songs", more).exitCode()).isEqualTo(6);
    assertThat(on(b).ok("promote", "songs", "--json").json().path("epoch").asInt(0)).isEqualTo(2);
    on(b).ok("insert", "songs", more);
    assertThat(vectors(b)).isEqualTo(21);
  }

  @Test
  void bringsACollectionFromAFolderThatIsNoNode() throws Exception {
    Cli local = new Cli(folder.resolve("data"));
    fill(local);
    local.ok("sync", "songs", target, "--seal", "--cluster-secret-file", secret.toString());
    assertThat(vectors(b)).isEqualTo(20);
    Path other = Files.createDirectories(folder.resolve("other"));
    assertThat(
            local
                .run(
                    "sync",
                    "songs",
                    target,
                    "--cluster-secret-file",
                    other.resolve("cluster.secret").toString())
                .exitCode())
        .isEqualTo(6);
  }

  @Test
  void bringsAnEmbeddedCollectionWithTheSecretOfItsUser() throws Exception {
    assumeThat(System.getenv("XDG_CONFIG_HOME")).isNull();
    fill(new Cli(folder.resolve("data")));
    String home = System.getProperty("user.home");
    System.setProperty("user.home", folder.toString());
    try (SoniDb database = SoniDb.open(folder.resolve("data"))) {
      assertThatThrownBy(() -> database.collection("songs").syncNode("nonsense"))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> database.collection("songs").syncNode("sonidb://127.0.0.1:1"))
          .isInstanceOf(NodeSyncException.class);
      assertThat(database.collection("songs").syncNode(target).received().vectors()).isEqualTo(20);
    } finally {
      System.setProperty("user.home", home);
    }
    assertThat(vectors(b)).isEqualTo(20);
  }

  @Test
  void followsUntilItIsInterrupted() throws Exception {
    fill(on(a));
    Cli follower = on(a);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Cli.Outcome> follow =
          threads.submit(() -> follower.run("sync", "songs", target, "--follow", "--every", "60"));
      await(() -> on(b).run("stats", "songs").exitCode() == 0);
      String more =
          Files.writeString(folder.resolve("one.jsonl"), "{\"id\":99,\"vector\":[1,2,3]}")
              .toString();
      on(a).ok("insert", "songs", more);
      await(() -> on(b).run("get", "songs", "99").exitCode() == 0);
      follower.interruption().request();
      assertThat(follow.get(1, TimeUnit.MINUTES).exitCode()).isZero();
    }
  }

  private interface Asked {
    boolean isSo() throws Exception;
  }

  private static void await(Asked asked) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!asked.isSo()) {
      assertThat(System.nanoTime() - end).isNegative();
      LockSupport.parkNanos(20_000_000);
    }
  }

  @Test
  void fetchesADamagedSegmentFromTheOtherNode() throws Exception {
    fill(on(a));
    on(a).ok("sync", "songs", target, "--seal");
    try (Stream<Path> files = Files.walk(folder.resolve("a"))) {
      Path segment =
          files.filter(file -> file.toString().endsWith(".flac")).findFirst().orElseThrow();
      try (RandomAccessFile damaged = new RandomAccessFile(segment.toFile(), "rw")) {
        damaged.seek(damaged.length() - 100);
        damaged.write(1);
        damaged.write(2);
      }
    }
    assertThat(on(a).run("verify", "songs").exitCode()).isEqualTo(3);
    assertThat(on(a).ok("verify", "songs", "--repair-from", target).out())
        .contains("repaired: segments/0001-00000001.flac");
    on(a).ok("verify", "songs", "--deep");
  }
}
