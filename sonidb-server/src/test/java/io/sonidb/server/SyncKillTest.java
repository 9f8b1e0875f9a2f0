package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Source, target and controller are processes of their own, and one of them is killed at a random
/// moment of each round.
class SyncKillTest {
  private static final int DIMENSION = 768;
  private static final int BATCH = 2000;
  private static final long MOST_MILLIS = 3000;

  @TempDir Path folder;
  private final long seed = Long.getLong("sonidb.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Process> running = new ArrayList<>();
  private final List<String> rounds = new ArrayList<>();
  private int vectors;

  /// A process and where it is.
  private record Running(Process process, String uri, int port) {}

  @AfterEach
  void endAll() {
    running.forEach(Process::destroyForcibly);
  }

  @Test
  void convergesThoughOneOfThemIsKilled() throws Exception {
    run(2);
  }

  @Test
  @Tag("slow")
  void convergesThoughOneOfThemIsKilledThirtyTimes() throws Exception {
    run(30);
  }

  private void run(int count) throws Exception {
    System.out.println("sonidb.seed=" + seed);
    Path secret = folder.resolve("cluster.secret");
    Running source = node("source", secret, freePort());
    Running target = node("target", secret, freePort());
    call(
        source,
        "PUT",
        "/collections/songs",
        "{\"vectors\":{\"size\":768,\"distance\":\"Dot\"},"
            + "\"sonidb\":{\"segment_bytes\":1048576}}");
    long older = 0;
    for (int round = 0; round < count; round++) {
      insert(source);
      Process controller = controller(secret, source, target);
      long millis = random.nextLong(MOST_MILLIS);
      controller.waitFor(millis, TimeUnit.MILLISECONDS);
      int killed = random.nextInt(3);
      rounds.add("round " + round + ": " + killed + " at " + millis + " ms");
      switch (killed) {
        case 0 -> source = again(source, "source", secret);
        case 1 -> target = again(target, "target", secret);
        default -> controller.destroyForcibly();
      }
      assertThat(controller.waitFor(60, TimeUnit.SECONDS)).as(told()).isTrue();
      long now = count(target);
      assertThat(List.of(older, (long) vectors)).as(told()).contains(now);
      Process last = controller(secret, source, target);
      String said = new String(last.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(last.waitFor()).as(told() + said).isZero();
      assertThat(count(target)).as(told()).isEqualTo(vectors);
      older = vectors;
    }
    for (Process process : running) {
      process.destroyForcibly();
      process.waitFor();
    }
    checkTarget();
  }

  private String told() {
    return "seed " + seed + " " + rounds + " ";
  }

  /// Every vector is there and right, and nothing else.
  private void checkTarget() throws IOException {
    try (SoniDb from = SoniDb.open(folder.resolve("source"));
        SoniDb to = SoniDb.open(folder.resolve("target"))) {
      Collection there = to.collection("songs");
      assertThat(there.verifyIntegrity(true, Progress.NONE).damaged()).as(told()).isEmpty();
      assertThat(there.spec().dimension()).isEqualTo(CollectionSpec.dimension(768).dimension());
      for (int id = 0; id < vectors; id += 97) {
        Point point = from.collection("songs").get(Integer.toString(id)).orElseThrow();
        assertThat(there.get(Integer.toString(id))).as(told()).contains(point);
      }
    }
    try (Stream<Path> left = Files.walk(folder.resolve("target").resolve("sync"))) {
      assertThat(left.filter(Files::isRegularFile)).as(told()).isEmpty();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  private Process start(Class<?> main, String... args) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(args));
    Process process =
        new ProcessBuilder(command)
            .redirectError(folder.resolve(main.getSimpleName() + ".err").toFile())
            .start();
    running.add(process);
    return process;
  }

  private Running node(String name, Path secret, int port) throws IOException {
    Process process =
        start(
            KilledNode.class,
            folder.resolve(name).toString(),
            secret.toString(),
            Integer.toString(port));
    BufferedReader out = process.inputReader();
    String uri = out.readLine();
    assertThat(uri).as(told()).isNotNull();
    return new Running(process, uri, port);
  }

  private Running again(Running was, String name, Path secret)
      throws IOException, InterruptedException {
    was.process().destroyForcibly();
    was.process().waitFor();
    return node(name, secret, was.port());
  }

  private Process controller(Path secret, Running source, Running target) throws IOException {
    return start(KilledController.class, secret.toString(), source.uri(), target.uri(), "songs");
  }

  private void insert(Running node) throws IOException, InterruptedException {
    for (int part = 0; part < BATCH; part += 500) {
      StringBuilder body = new StringBuilder("{\"points\":[");
      for (int i = 0; i < 500; i++) {
        body.append(i == 0 ? "" : ",").append("{\"id\":").append(vectors++).append(",\"vector\":[");
        for (int c = 0; c < DIMENSION; c++) {
          body.append(c == 0 ? "" : ",").append(random.nextInt(1 << 23) / 1e7f);
        }
        body.append("]}");
      }
      call(node, "PUT", "/collections/songs/points", body.append("]}").toString());
    }
  }

  private long count(Running node) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        send(node, "POST", "/collections/songs/points/count", "{\"exact\":true}");
    if (answer.statusCode() == 404) {
      return 0;
    }
    return Long.parseLong(answer.body().replaceAll(".*\"count\":(\\d+).*", "$1"));
  }

  private void call(Running node, String method, String path, String body)
      throws IOException, InterruptedException {
    assertThat(send(node, method, path, body).statusCode()).as(told()).isEqualTo(200);
  }

  private HttpResponse<String> send(Running node, String method, String path, String body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(node.uri() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .header("content-type", "application/json")
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
