package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.Progress;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.FxpOptions;
import io.sonidb.ftp.Peer;
import io.sonidb.ftp.RemoteNode;
import io.sonidb.ftp.SyncFailedException;
import io.sonidb.ftp.Syncing;
import io.sonidb.server.TestNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// A replica that hears what its source writes, between rounds that are an hour apart.
class FollowTest {
  private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();

  @TempDir Path folder;
  private final ExecutorService following = Executors.newVirtualThreadPerTaskExecutor();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private volatile boolean over;
  private int port;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    a = node("a", 0);
    b = node("b", port);
    a.put("/collections/songs", "{'vectors': {'size': 4, 'distance': 'Dot'}}").result();
    insert(1);
    insert(2);
  }

  @AfterEach
  void stop() {
    over = true;
    following.close();
    a.close();
    b.close();
  }

  private TestNode node(String name, int httpPort) throws IOException {
    Map<String, String> settings = new HashMap<>();
    settings.put("ftp.enabled", "true");
    settings.put("ftp.port", "0");
    settings.put("cluster.secret_file", folder.resolve("cluster.secret").toString());
    if (httpPort > 0) {
      settings.put("http.port", Integer.toString(httpPort));
    }
    return TestNode.start(folder.resolve(name), settings);
  }

  private Future<?> follow(int everySeconds) throws IOException {
    ClusterSecret secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    Syncing syncing =
        new Syncing(
            RemoteNode.at(a.uri().toString(), secret),
            RemoteNode.at(b.uri().toString(), secret),
            secret,
            FxpOptions.DEFAULT);
    Progress progress =
        (_, _, _) -> {
          if (over) {
            throw new CancellationException();
          }
        };
    return following.submit(() -> {
      syncing.follow("songs", true, everySeconds, progress, told::add);
      return true;
    });
  }

  private void insert(int id) {
    a.put("/collections/songs/points", "{'points': [{'id': " + id + ", 'vector': [1, 2, 3, 4]}]}")
        .result();
  }

  private static long count(TestNode node) {
    return node.post("/collections/songs/points/count", "{}").result().path("count").asLong(-1);
  }

  private boolean isThere(int id) {
    return b.get("/collections/songs/points/" + id).status() == 200;
  }

  /// Waits until something is so; that it never will be ends the test, and not how long it took.
  private void until(BooleanSupplier isSo) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!isSo.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as("told: " + told).isNegative();
      LockSupport.parkNanos(10_000_000);
    }
  }

  @Test
  void streamsToNobodyWhoDoesNotTakePart() throws IOException {
    ClusterSecret secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    RemoteNode here = RemoteNode.at(a.uri().toString(), secret);
    Peer peer = new Peer(InetAddress.getLoopbackAddress(), 7622, 7721, "0".repeat(64));
    assertThatThrownBy(() -> here.sendTail(UUID.randomUUID(), 1, 1, peer))
        .isInstanceOf(SyncFailedException.class)
        .hasMessageContaining("not here");
  }

  @Test
  void seesWritesDeletesAndPayloadsBeforeAnythingIsSealed() throws IOException {
    var _ = follow(3600);
    until(() -> isThere(2));
    insert(3);
    until(() -> isThere(3));
    a.post("/collections/songs/points/delete", "{'points': [1]}").result();
    a.put("/collections/songs/points/payload", "{'payload': {'name': 'two'}, 'points': [2]}")
        .result();
    until(() -> !isThere(1));
    until(() ->
        b.get("/collections/songs/points/2").result().path("payload").path("name").isString());
    assertThat(count(b)).isEqualTo(2);
    assertThat(
            b.post("/collections/songs/points/query", "{'query': [1, 2, 3, 4], 'limit': 5}")
                .result()
                .path("points")
                .size())
        .isEqualTo(2);
    until(() -> replica().path("lag_writes").asLong(-1) == 0);
    assertThat(replica().path("lag_seconds").asDouble(-1)).isNotNegative();
    String point = "{'points': [{'id': 9, 'vector': [1, 1, 1, 1]}]}";
    assertThat(b.put("/collections/songs/points", point).status()).isEqualTo(409);
  }

  private JsonNode replica() {
    return b.get("/collections/songs").result().path("sonidb");
  }

  @Test
  void goesOnAfterTheReplicaWasGoneForAWhile() throws IOException {
    var _ = follow(1);
    insert(3);
    until(() -> isThere(3));
    b.close();
    insert(4);
    b = node("b", port);
    until(() -> isThere(4));
    insert(5);
    until(() -> isThere(5));
    assertThat(count(b)).isEqualTo(5);
  }

  @Test
  void keepsWhatItHeardWhenItIsPromoted() throws Exception {
    Future<?> follow = follow(1);
    until(() -> isThere(2));
    insert(3);
    until(() -> isThere(3));
    b.post("/collections/songs/promote", "{}").result();
    insert(4);
    assertThatThrownBy(() -> follow.get(2, TimeUnit.MINUTES))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(SyncFailedException.class)
        .hasMessageContaining("read-only from now on");
    assertThat(isThere(3)).isTrue();
    assertThat(isThere(4)).isFalse();
  }
}
