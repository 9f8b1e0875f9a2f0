package io.sonidb.webrtc;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.SoniDb;
import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A collection by WebRTC, with the same library at the other end.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class WebRtcTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final int DIMENSION = 96;
  private static final int COUNT = 300;
  private static final int LARGE_PAYLOAD = 700_000;
  private static final List<float[]> VECTORS = new ArrayList<>();

  @TempDir static Path folder;
  private static Node node;

  @BeforeAll
  static void start() throws IOException {
    Random random = new Random(SEED);
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      Collection songs =
          db.create(
              "songs",
              CollectionSpec.dimension(DIMENSION).metric(Metric.DOT).durability(Durability.OS));
      for (int i = 0; i < COUNT; i++) {
        float[] vector = new float[DIMENSION];
        for (int k = 0; k < DIMENSION; k++) {
          vector[k] = Float.intBitsToFloat(random.nextInt()); // NaNs, too
        }
        VECTORS.add(vector);
        StringBuilder text = new StringBuilder();
        for (int k = 0; i == 100 && k < LARGE_PAYLOAD; k++) {
          text.append((char) ('a' + random.nextInt(26)));
        }
        songs.upsert(String.valueOf(i), vector, Payload.ofJson("{\"t\":\"" + text + "\"}"));
      }
      db.create(
          "bulk", CollectionSpec.dimension(4096).metric(Metric.DOT).durability(Durability.OS));
      for (int i = 0; i < 2000; i++) {
        float[] vector = new float[4096];
        for (int k = 0; k < vector.length; k++) {
          vector[k] = random.nextFloat();
        }
        db.collection("bulk").upsert(String.valueOf(i), vector, Payload.EMPTY);
      }
    }
    node =
        Node.start(
            NodeConfig.load(
                folder.resolve("data"),
                Optional.empty(),
                Map.of(),
                Map.of(
                    "http.port", "0",
                    "http.stall_seconds", "2",
                    "http.heartbeat_seconds", "1",
                    "webrtc.connect_seconds", "2",
                    "webrtc.max_viewers", "210")),
            System.err);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static URI whep(String collection, String query) {
    return node.uri().resolve("/collections/" + collection + "/whep" + query);
  }

  private static int viewers() {
    try {
      return TestViewer.get(node.uri().resolve("/metrics"))
          .lines()
          .filter(line -> line.startsWith("sonidb_webrtc_viewers "))
          .mapToInt(line -> Integer.parseInt(line.split(" ", 2)[1]))
          .findFirst()
          .orElseThrow();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("it took too long").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static void upsert(String collection, String id, int dimension, float value)
      throws Exception {
    String vector = (value + ",").repeat(dimension - 1) + value;
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        node.uri().resolve("/collections/" + collection + "/points?wait=true"))
                    .header("content-type", "application/json")
                    .PUT(
                        HttpRequest.BodyPublishers.ofString(
                            "{\"points\":[{\"id\":" + id + ",\"vector\":[" + vector + "]}]}"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  private static void assertVectors(List<SoundRecord> records, int from) {
    List<SoundRecord> upserts =
        records.stream().filter(each -> each.kind() == RecordKind.UPSERT).toList();
    for (int i = 0; i < COUNT - from; i++) {
      SoundRecord record = upserts.get(i);
      assertThat(record.id()).hasToString(String.valueOf(from + i));
      assertThat(record.vector()).as("seed %d", SEED).isEqualTo(Vector.of(VECTORS.get(from + i)));
    }
  }

  private static Process java(Class<?> main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=/dev/stderr",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /// Waits until a viewer in another process has had its first message.
  private static void awaitFirst(BufferedReader told) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line = told.readLine(); ; line = told.readLine()) {
      assertThat(line).as("what it said: %s", all).isNotNull();
      if (line.matches("\\d+")) {
        return;
      }
      all.append(line).append('\n');
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "v=0\r\n",
        "v=0\ns=-\nm=audio 9 UDP/TLS/RTP/SAVPF 111\n",
        "v=0\ns=-\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n",
        "v=0\r\n\u0000\u0001\r\n"
      })
  void refusesOffersThatAreNone(String offer) throws Exception {
    HttpResponse<String> answer = TestViewer.post(whep("songs", ""), offer);
    assertThat(answer.statusCode()).as(answer.body()).isIn(400, 422);
    assertThat(answer.body()).contains("session description");
  }

  @Test
  void refusesAnOfferThatOnlyTheLibraryFindsWrong() throws Exception {
    try (TestViewer viewer = new TestViewer()) {
      String offer = viewer.offer().replaceFirst("m=application \\d+", "m=application 99999");
      HttpResponse<String> answer = TestViewer.post(whep("songs", ""), offer);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
    }
  }

  @Test
  void outlivesOffersThatWereTamperedWith() throws Exception {
    Process fuzz = java(OfferFuzz.class, String.valueOf(SEED), "150");
    String told = new String(fuzz.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(fuzz.waitFor()).as("seed %d: %s", SEED, told).isZero();
    assertThat(told).contains("refused");
  }

  @Test
  void refusesWhatIsNotThere() throws Exception {
    try (TestViewer viewer = new TestViewer()) {
      String offer = viewer.offer();
      assertThat(TestViewer.post(whep("none", ""), offer).statusCode()).isEqualTo(404);
      assertThat(TestViewer.post(whep("songs", "?from=9999999"), offer).statusCode())
          .isEqualTo(422);
      assertThat(TestViewer.post(whep("songs", "?shard=9"), offer).statusCode()).isEqualTo(400);
      assertThat(
              TestViewer.delete(node.uri().resolve("/collections/songs/whep/nobody")).statusCode())
          .isEqualTo(404);
    }
  }

  @Test
  void endsOneWhoNeverConnects() throws Exception {
    int before = viewers();
    try (TestViewer viewer = new TestViewer()) {
      assertThat(TestViewer.post(whep("songs", ""), viewer.offer()).statusCode()).isEqualTo(201);
      await(() -> viewers() <= before);
    }
  }

  @Test
  void sendsEveryVectorToTheBitAndLargePayloadsInParts() throws Exception {
    try (TestViewer viewer = new TestViewer()) {
      viewer.watch(whep("songs", "?follow=false"), 1).takeAll();
      List<SoundRecord> records = viewer.records();
      assertVectors(records, 0);
      assertThat(records.get(100).payload().length).isGreaterThan(LARGE_PAYLOAD);
      assertThat(viewer.largest()).isEqualTo(1 << 16);
      assertThat(viewer.take()).as("closed behind the end").isEqualTo(-1);
    }
  }

  @Test
  void goesOnFromASequenceNumberAndFollows() throws Exception {
    long before;
    try (TestViewer viewer = new TestViewer()) {
      viewer.watch(whep("songs", "?from=201"), 201).takeUpTo(COUNT);
      assertVectors(viewer.records(), 200);
      upsert("songs", "1000", DIMENSION, 2);
      while (!viewer.records().getLast().id().toString().equals("1000")) {
        viewer.take();
      }
      before = viewer.records().getLast().sequence();
      assertThat(TestViewer.delete(node.uri().resolve(viewer.location())).statusCode())
          .isEqualTo(200);
      viewer.takeAll();
    }
    try (TestViewer again = new TestViewer()) {
      again.watch(whep("songs", "?follow=false&from=" + before), before).takeAll();
      assertThat(again.records().getFirst().id()).hasToString("1000");
    }
  }

  @Test
  void tellsOneWhoHearsNothingThatItLives() throws Exception {
    try (TestViewer viewer = new TestViewer()) {
      viewer.watch(whep("bulk", "?from=2001"), 2001);
      assertThat(viewer.take()).as("head").isZero();
      assertThat(viewer.take()).as("alive").isEqualTo(2);
    }
  }

  @Test
  void disconnectsOneWhoTakesNothing() throws Exception {
    int before = viewers();
    Process viewer = java(TestViewer.class, whep("bulk", "").toString(), "1");
    try (BufferedReader told = viewer.inputReader()) {
      awaitFirst(told);
      new ProcessBuilder("kill", "-STOP", String.valueOf(viewer.pid())).start().waitFor();
      await(() -> viewers() <= before);
    } finally {
      viewer.destroyForcibly().waitFor();
    }
  }

  @Test
  void servesOthersWhenOneVanishes() throws Exception {
    Process gone = java(TestViewer.class, whep("bulk", "").toString(), "1");
    try (BufferedReader told = gone.inputReader();
        TestViewer viewer = new TestViewer()) {
      awaitFirst(told);
      gone.destroyForcibly().waitFor();
      viewer.watch(whep("songs", "?follow=false"), 1).takeAll();
      assertVectors(viewer.records(), 0);
    }
    await(() -> viewers() == 0);
  }

  private static void watchTogether(int count) throws Exception {
    List<TestViewer> all = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        all.add(new TestViewer().watch(whep("songs", "?from=102"), 102));
      }
      for (TestViewer viewer : all) {
        viewer.takeUpTo(COUNT);
        assertVectors(viewer.records(), 101);
      }
      assertThat(viewers()).isGreaterThanOrEqualTo(count);
    } finally {
      all.forEach(TestViewer::close);
    }
    await(() -> viewers() == 0);
  }

  @Test
  void servesTwentyAtOnce() throws Exception {
    watchTogether(20);
  }

  @Test
  @Tag("slow")
  void servesTwoHundredAtOnce() throws Exception {
    watchTogether(200);
  }
}
