package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Work on whole collections of a node.
class MaintenanceApiTest {
  private static final String C = "/collections/songs";

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"));
    node.put(C, "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
    node.put(
            C + "/points", "{'points': [{'id': 1, 'vector': [1, 2]}, {'id': 2, 'vector': [3, 4]}]}")
        .result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  private static List<JsonNode> lines(String path, String type) {
    Reply reply = node.send("POST", path, Optional.of("{}"), Map.of("accept", type));
    assertThat(reply.status()).isEqualTo(200);
    return reply
        .text()
        .lines()
        .filter(line -> line.contains("{"))
        .map(line -> JsonMapper.shared().readTree(line.substring(line.indexOf('{'))))
        .toList();
  }

  @Test
  void rejectsKeysThatItDoesNotKnow() {
    rejects(node.post(C + "/index", "{'fast': true}"), 400, "fast is not known here");
    rejects(node.post(C + "/verify", "{'deep': 1}"), 400, "deep: must be true or false");
    rejects(node.post("/collections/nowhere/compact", "{}"), 404, "nowhere");
    rejects(
        node.send("PATCH", C, Optional.of("{\"sonidb\": {\"shards\": 2}}"), Map.of()),
        400,
        "shards is not known here");
    rejects(
        node.send("PATCH", C, Optional.of("{\"sonidb\": {\"element\": \"float64\"}}"), Map.of()),
        400,
        "cannot be altered");
  }

  @Test
  void tellsWhatCameOfIt() {
    JsonNode index = node.post(C + "/index", "{}").result();
    assertThat(index.get("vectors").intValue()).isEqualTo(2);
    assertThat(index.get("sfv").stringValue()).isEqualTo("index.sfv");
    JsonNode verified = node.post(C + "/verify", "{'deep': true}").result();
    assertThat(verified.get("ok").booleanValue()).isTrue();
    assertThat(verified.get("damaged")).isEmpty();
    assertThat(node.post(C + "/compact", "{'purge': true}").result().get("segments_after"))
        .isNotNull();
  }

  @Test
  void tellsHowFarItIsInLinesAndEvents() {
    List<JsonNode> lines = lines(C + "/verify", "application/x-ndjson");
    assertThat(lines.getLast().get("result").get("vectors").intValue()).isEqualTo(2);
    assertThat(lines.getLast().get("status").stringValue()).isEqualTo("ok");
    String events =
        node.send("POST", C + "/index", Optional.of("{}"), Map.of("accept", "text/event-stream"))
            .text();
    assertThat(events).contains("event: result\ndata: {\"result\":").endsWith("}\n\n");
    rejects(
        node.send(
            "POST",
            "/collections/nowhere/index",
            Optional.empty(),
            Map.of("accept", "text/event-stream")),
        404,
        "nowhere");
  }

  @Test
  void namesWhatIsDamaged() throws Exception {
    Path own = folder.resolve("damaged");
    try (TestNode other = TestNode.start(own)) {
      other.put(C, "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
      other.put(C + "/points", "{'points': [{'id': 77, 'vector': [1, 2]}]}").result();
      other.post(C + "/index", "{}").result();
      Path segment;
      try (Stream<Path> walk = Files.walk(own.resolve("collections"))) {
        segment = walk.filter(file -> file.toString().endsWith(".flac")).findFirst().orElseThrow();
      }
      byte[] bytes = Files.readAllBytes(segment);
      bytes[bytes.length - 6] ^= 1;
      Files.write(segment, bytes);
      JsonNode verified = other.post(C + "/verify", "{'deep': true}").result();
      assertThat(verified.get("ok").booleanValue()).isFalse();
      assertThat(verified.get("damaged_count").intValue()).isPositive();
      assertThat(verified.get("damaged").toString()).contains("\"id\":77").contains("\"reason\":");
    }
  }

  @Test
  void changesSettingsAndSaysWhatHasNoEffect() {
    JsonNode altered =
        node.send(
                "PATCH",
                C,
                Optional.of(
                    "{\"sonidb\": {\"time_to_live_seconds\": 3600, \"metric\": \"euclid\"},"
                        + " \"optimizers_config\": {}}"),
                Map.of())
            .result();
    assertThat(altered.get("warnings").get(0).stringValue()).contains("optimizers_config");
    JsonNode now = node.get(C).result();
    assertThat(now.get("sonidb").get("time_to_live_seconds").doubleValue()).isEqualTo(3600);
    assertThat(now.get("config").get("params").get("vectors").get("distance").stringValue())
        .isEqualTo("Euclid");
    node.put(C + "/points", "{'points': [{'id': 3, 'vector': [1, 2]}]}").result();
    assertThat(node.get(C + "/points/3").result().get("expires_at")).isNotNull();
    node.post(C + "/points/delete", "{'points': [3]}").result();
    node.send(
            "PATCH",
            C,
            Optional.of("{\"sonidb\": {\"time_to_live_seconds\": 0, \"metric\": \"dot\"}}"),
            Map.of())
        .result();
  }

  @Test
  void listsTheFilesOfASnapshotAndGivesThem() throws Exception {
    JsonNode made = lines(C + "/snapshots", "application/x-ndjson").getLast().get("result");
    String snapshot = C + "/snapshots/" + made.get("name").stringValue();
    JsonNode files = node.get(snapshot + "/files").result();
    assertThat(files).isNotEmpty();
    for (JsonNode file : files) {
      String name = file.get("name").stringValue().replace("/", "%2F");
      byte[] bytes =
          node.client()
              .send(
                  HttpRequest.newBuilder(URI.create(node.uri() + snapshot + "/files/" + name))
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray())
              .body();
      assertThat(bytes).hasSize(file.get("size").intValue());
      byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(bytes);
      assertThat(java.util.HexFormat.of().formatHex(digest))
          .isEqualTo(file.get("checksum").stringValue());
    }
    rejects(node.get(snapshot + "/files/..%2Fsnapshot.json"), 404, "no such file");
    rejects(node.get(snapshot + "/files/sonidb.lock"), 404, "no such file");
  }

  private static String answer(int port, String accept) throws IOException {
    try (Socket socket = ask(port, accept)) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Socket ask(int port, String accept) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    OutputStream out = socket.getOutputStream();
    out.write(
        ("POST /work HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n"
                + "Accept: "
                + accept
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.flush();
    return socket;
  }

  @Test
  void doesOneOfAKindAtATimeAndEndsItWhenTheClientGoes() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    try (LongWork server =
        LongWork.start(
            folder.resolve("long"),
            progress -> {
              try {
                while (true) {
                  progress.update(1, 2, "steps");
                  Thread.onSpinWait();
                }
              } catch (CancellationException e) {
                ended.countDown();
                throw e;
              }
            })) {
      try (Socket first = ask(server.port(), "text/event-stream")) {
        String begun = new String(first.getInputStream().readNBytes(400), StandardCharsets.UTF_8);
        assertThat(begun).contains("event: progress\ndata: {\"progress\":{\"done\":1,\"total\":2");
        for (String accept : List.of("application/json", "application/x-ndjson")) {
          assertThat(answer(server.port(), accept))
              .startsWith("HTTP/1.1 409")
              .contains("work of songs is under way");
        }
      }
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void saysInTheLastLineWhatWentWrong() throws Exception {
    try (LongWork server =
        LongWork.start(
            folder.resolve("failing"),
            _ -> {
              throw new IllegalArgumentException("no such thing");
            })) {
      assertThat(answer(server.port(), "application/x-ndjson"))
          .contains("{\"status\":{\"code\":400,\"error\":\"Wrong input: no such thing\"}");
    }
  }
}
