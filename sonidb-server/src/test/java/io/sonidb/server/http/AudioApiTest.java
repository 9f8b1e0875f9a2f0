package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import io.sonidb.sound.Listener;
import io.sonidb.sound.PcmLayout;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Vectors as sound on their way out of a node.
class AudioApiTest {
  private static final String C = "/collections/songs";
  private static final int DIMENSION = 24;
  private static final int COUNT = 200;

  /// Listens, and tells of each record.
  private static final class Heard {
    private final List<SoundRecord> records = new ArrayList<>();

    static List<SoundRecord> in(byte[] audio) throws IOException {
      Heard heard = new Heard();
      Listener.listen(new ByteArrayInputStream(audio), (record, _) -> heard.records.add(record));
      return heard.records;
    }
  }

  private static final Random RANDOM = new Random(Long.getLong("sonidb.seed", 8));

  @TempDir static Path folder;

  // For those who only read, and for those who are limited.
  private static TestNode node;
  private static TestNode strict;
  private static byte[] local;

  @BeforeAll
  static void start() throws IOException {
    local = filled(folder.resolve("data"));
    node = TestNode.start(folder.resolve("data"));
    strict =
        TestNode.start(
            folder.resolve("strict"),
            Map.of("http.max_streams", "1", "http.idle_seconds", "1", "http.stall_seconds", "1"));
  }

  @AfterAll
  static void stop() {
    node.close();
    strict.close();
  }

  private static void create(TestNode on, String collection, int dimension) {
    on.put(
            "/collections/" + collection,
            "{'vectors': {'size': "
                + dimension
                + ", 'distance': 'Dot'}, 'sonidb': {'durability': 'os'}}")
        .result();
  }

  private static String points(List<Point> points) {
    StringBuilder text = new StringBuilder("{\"points\": [");
    for (Point point : points) {
      text.append(text.charAt(text.length() - 1) == '[' ? "" : ",")
          .append("{\"id\": ")
          .append(point.id())
          .append(", \"vector\": [");
      for (int i = 0; i < DIMENSION; i++) {
        text.append(i == 0 ? "" : ",").append((float) point.vector().doubleAt(i));
      }
      text.append("], \"payload\": ").append(point.payload().toJson()).append('}');
    }
    return text.append("]}").toString();
  }

  private static List<Point> vectors(int first, int count) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[DIMENSION];
      for (int k = 0; k < DIMENSION; k++) {
        vector[k] = (float) RANDOM.nextGaussian();
      }
      points.add(
          Point.of(
              VectorId.of(first + i),
              Vector.of(vector),
              Payload.ofJson("{\"n\": " + (i % 4) + "}")));
    }
    return points;
  }

  /// A folder with vectors, one of them deleted, one with a large payload; and its stream.
  private static byte[] filled(Path data) throws IOException {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs =
          db.create(
              "songs",
              CollectionSpec.dimension(DIMENSION)
                  .metric(io.sonidb.Metric.DOT)
                  .durability(Durability.OS));
      songs.upsert(vectors(0, COUNT));
      songs.upsert("large", new float[DIMENSION], Payload.ofJson("{\"t\": \"" + text() + "\"}"));
      songs.delete("7");
      songs.buildIndex();
      songs.upsert(vectors(1000, 20));
      try (InputStream audio = songs.stream(1, false)) {
        return audio.readAllBytes();
      }
    }
  }

  /// Larger than what is sent at once.
  private static String text() {
    StringBuilder text = new StringBuilder();
    while (text.length() < 300_000) {
      text.append(RANDOM.nextInt());
    }
    return text.toString();
  }

  private static HttpResponse<byte[]> bytes(TestNode node, String path, String... headers)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.uri() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return node.client().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static HttpResponse<InputStream> open(TestNode node, String path) throws Exception {
    HttpResponse<InputStream> response =
        node.client()
            .send(
                HttpRequest.newBuilder(URI.create(node.uri() + path)).build(),
                HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    return response;
  }

  private static long streams(TestNode node) {
    String line =
        node.get("/metrics")
            .text()
            .lines()
            .filter(each -> each.startsWith("sonidb_streams "))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.substring(line.indexOf(' ') + 1));
  }

  private static void awaitStreams(TestNode node, int count) throws InterruptedException {
    for (int i = 0; i < 500 && streams(node) != count; i++) {
      Thread.sleep(20);
    }
    assertThat(streams(node)).isEqualTo(count);
  }

  // Failures -----------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/audio?from=x               | 400 | from must be a sequence number, 0 or more, was 'x'",
        "/audio?from=-1              | 400 | from must be a sequence number",
        "/audio?from=9999999999999999999 | 400 | from must be a sequence number",
        "/audio?from=1000            | 422 | the next record is 223",
        "/audio?follow=maybe         | 400 | follow must be true or false",
        "/audio?shard=1              | 400 | shard must be like 0/4, was '1'",
        "/audio?shard=4/4            | 422 | shard must be 0 to 3 of 4, was 4",
        "/audio?shard=0/0            | 422 | shards must be 1 to 4096, were 0",
        "/audio?filter=%7B           | 400 | Format error in JSON body",
        "/audio?container=mp3        | 400 | container must be flac or ogg",
        "/points/nobody/audio        | 404 | Not found",
        "/points/7/audio             | 404 | Not found",
        "/changes?from=1000          | 422 | the next record is 223",
        "/segments/nothing.flac      | 404 | there is no segment `nothing.flac`",
        "/segments/..%2Findex.sfv    | 404 | there is no segment",
        "/segments/%2Fetc%2Fpasswd   | 404 | there is no segment",
        "/index.json                 | 404 | there is no index.json",
      })
  void refusesWhatCannotBeSent(String path, int status, String message) {
    Reply reply = node.get(C + path);
    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
    assertThat(reply.error()).contains(message);
    assertThat(node.get("/collections/other/audio").status()).isEqualTo(404);
  }

  @Test
  void saysFromWhereTheHistoryIsWhole() throws Exception {
    Path data = folder.resolve("compacted");
    filled(data);
    try (SoniDb db = SoniDb.open(data)) {
      db.collection("songs").compact(true, io.sonidb.Progress.NONE);
    }
    try (TestNode node = TestNode.start(data)) {
      for (String path : List.of("/audio?from=2", "/changes?from=2")) {
        HttpResponse<byte[]> gone = bytes(node, C + path);
        assertThat(gone.statusCode()).isEqualTo(410);
        assertThat(gone.headers().firstValue("SoniDB-Horizon")).contains("202");
      }
      assertThat(bytes(node, C + "/audio?from=1").statusCode()).isEqualTo(200);
      assertThat(bytes(node, C + "/audio?from=203").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void refusesMoreStreamsThanAreAllowedAndNoticesWhoIsGone() throws Exception {
    create(strict, "quiet", 4);
    try (Socket client = connect("quiet")) {
      assertThat(client.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
      Reply busy = strict.get("/collections/quiet/changes");
      assertThat(busy.status()).isEqualTo(503);
      assertThat(busy.error()).contains("http.max_streams");
    }
    awaitStreams(strict, 0); // though nothing is written that could fail
  }

  /// Asks the strict node for a stream.
  private static Socket connect(String collection) throws IOException {
    Socket client = new Socket();
    client.setReceiveBufferSize(4096);
    client.connect(new InetSocketAddress(strict.uri().getHost(), strict.uri().getPort()));
    client
        .getOutputStream()
        .write(
            ("GET /collections/"
                    + collection
                    + "/audio?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return client;
  }

  @Test
  void disconnectsWhoTakesNothing() throws Exception {
    create(strict, "loud", 4096);
    StringBuilder points = new StringBuilder("{'points': [");
    for (int k = 0; k < 16; k++) {
      points.append(k == 0 ? "" : ",").append("{'id': ").append(k).append(", 'vector': [");
      for (int d = 0; d < 4096; d++) {
        points.append(d == 0 ? "" : ",").append(RANDOM.nextInt(1 << 24));
      }
      points.append("]}");
    }
    points.append("]}");
    try (Socket _ = connect("loud")) {
      awaitStreams(strict, 1);
      for (int i = 0; i < 1000 && streams(strict) == 1; i++) {
        strict.put("/collections/loud/points", points.toString()).result();
      }
      awaitStreams(strict, 0);
    }
  }

  // Streams ------------------------------------------------------------------------------------

  @Test
  void sendsTheSameBytesAsTheFolder() throws Exception {
    HttpResponse<byte[]> sent = bytes(node, C + "/audio");
    assertThat(sent.body()).isEqualTo(local);
    assertThat(sent.headers().firstValue("content-type")).contains("audio/flac");
    assertThat(sent.headers().firstValue("SoniDB-From")).contains("1");
    assertThat(sent.headers().firstValue("SoniDB-Last-Sequence")).contains("222");
    List<SoundRecord> some = Heard.in(bytes(node, C + "/audio?from=200").body());
    assertThat(some.stream().map(SoundRecord::sequence).toList())
        .containsExactlyElementsOf(
            java.util.stream.LongStream.rangeClosed(200, 222).boxed().toList());
    assertThat(bytes(node, C + "/audio?from=223").body()) // only a head
        .hasSizeBetween(50, 1000)
        .startsWith('f', 'L', 'a', 'C');
  }

  @Test
  void dividesTheIdsAmongShards() throws Exception {
    TreeSet<Long> all = new TreeSet<>();
    int records = 0;
    for (int shard = 0; shard < 3; shard++) {
      for (SoundRecord record : Heard.in(bytes(node, C + "/audio?shard=" + shard + "/3").body())) {
        assertThat(Long.remainderUnsigned(record.id().fingerprint(), 3)).isEqualTo(shard);
        all.add(record.sequence());
        records++;
      }
    }
    assertThat(records).isEqualTo(222);
    assertThat(all).hasSize(222);
  }

  @Test
  void sendsWhatFulfilsAFilterAndEveryDelete() throws Exception {
    String filter =
        URLEncoder.encode(
            "{\"must\": [{\"key\": \"n\", \"match\": {\"value\": 1}}]}", StandardCharsets.UTF_8);
    List<SoundRecord> heard = Heard.in(bytes(node, C + "/audio?filter=" + filter).body());
    assertThat(heard).hasSize(COUNT / 4 + 20 / 4 + 1);
    assertThat(heard.stream().filter(record -> record.kind() == RecordKind.DELETE)).hasSize(1);
  }

  @Test
  void wrapsTheSameFramesIntoOgg() throws Exception {
    HttpResponse<byte[]> ogg = bytes(node, C + "/audio", "Accept", "audio/ogg");
    assertThat(ogg.headers().firstValue("content-type")).contains("audio/ogg");
    List<SoundRecord> heard = Heard.in(ogg.body());
    List<SoundRecord> known = Heard.in(local);
    assertThat(heard).hasSameSizeAs(known);
    for (int i = 0; i < known.size(); i++) {
      assertSame(heard.get(i), known.get(i));
    }
  }

  private static void assertSame(SoundRecord heard, SoundRecord known) {
    assertThat(heard.sequence()).isEqualTo(known.sequence());
    assertThat(heard.kind()).isEqualTo(known.kind());
    assertThat(heard.id()).isEqualTo(known.id());
    assertThat(heard.payload()).isEqualTo(known.payload());
    if (known.kind() == RecordKind.UPSERT) {
      assertThat(heard.vector()).isEqualTo(known.vector());
    }
  }

  @Test
  void goesOnWithWhatIsWrittenAndEndsWhenTheNodeDoes() throws Exception {
    Path data = folder.resolve("live");
    filled(data);
    CompletableFuture<byte[]> heard = new CompletableFuture<>();
    try (TestNode node = TestNode.start(data, Map.of("http.idle_seconds", "1"))) {
      HttpResponse<InputStream> live = open(node, C + "/audio?from=223&follow=true");
      Thread.startVirtualThread(() -> {
        try (InputStream in = live.body()) {
          heard.complete(in.readAllBytes());
        } catch (IOException e) {
          heard.completeExceptionally(e);
        }
      });
      Thread.sleep(2500); // longer than a connection may be idle
      assertThat(streams(node)).isOne();
      node.put(C + "/points", points(vectors(5000, 3))).result();
    }
    assertThat(Heard.in(heard.get(20, TimeUnit.SECONDS)).stream().map(SoundRecord::sequence))
        .containsExactly(223L, 224L, 225L);
  }

  @Test
  void tellsTheNextSequenceNumberToThoseWhoTakeTrailers() throws Exception {
    try (Socket client = new Socket(node.uri().getHost(), node.uri().getPort())) {
      client
          .getOutputStream()
          .write(
              ("GET "
                      + C
                      + "/audio HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\n"
                      + "Connection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer =
          new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(answer).contains("\r\nTrailer: SoniDB-Next-Sequence\r\n");
      assertThat(answer).endsWith("\r\n0\r\nSoniDB-Next-Sequence: 223\r\n\r\n");
    }
  }

  @Test
  void saysThatItEndsOnAConnectionThatEndsWithIt() throws Exception {
    try (Socket client = new Socket(node.uri().getHost(), node.uri().getPort())) {
      client
          .getOutputStream()
          .write(
              ("GET " + C + "/audio HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer =
          new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(answer).containsIgnoringCase("\r\nTransfer-Encoding: chunked\r\n");
      assertThat(answer).endsWith("\r\n0\r\n\r\n");
    }
  }

  @Test
  void endsTheStreamOfACollectionThatIsDropped() throws Exception {
    create(node, "dropped", DIMENSION);
    node.put("/collections/dropped/points", points(vectors(0, 10))).result();
    HttpResponse<InputStream> live = open(node, "/collections/dropped/audio?follow=true");
    HttpResponse<InputStream> feed = open(node, "/collections/dropped/changes");
    awaitStreams(node, 2);
    node.delete("/collections/dropped").result();
    assertThat(Heard.in(live.body().readAllBytes())).hasSize(10);
    assertThat(feed.body().readAllBytes()).asString().contains("id: 10\nevent: upsert\n");
    awaitStreams(node, 0);
  }

  // Others' programs ---------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flac -d -s -c --force-raw-format --endian=little --sign=signed -",
        "ffmpeg -v error -i - -f s24le -",
        "gst-launch-1.0 -q fdsrc ! flacparse ! flacdec ! audioconvert ! audio/x-raw,format=S24LE"
            + " ! fdsink",
        "OGG ffmpeg -v error -i - -f s24le -",
      })
  void isUnderstoodByOtherProgramsWhileItIsLive(String line) throws Exception {
    boolean isOgg = line.startsWith("OGG ");
    String program = isOgg ? line.substring(4) : line;
    String name = program.substring(0, program.indexOf(' '));
    assumeTrue(isThere(name) && isThere("curl"), name + " or curl is missing");
    create(node, "heard", DIMENSION);
    String points = "/collections/heard/points";
    node.put(points, points(vectors(0, COUNT))).result();
    node.post(points + "/delete", "{'points': [7]}").result();
    String url =
        node.uri() + "/collections/heard/audio?follow=true" + (isOgg ? "&container=ogg" : "");
    Process pipe =
        new ProcessBuilder("sh", "-c", "curl -sN '" + url + "' | " + quoted(program))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    CompletableFuture<byte[]> pcm =
        CompletableFuture.supplyAsync(() -> {
          try {
            return pipe.getInputStream().readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    awaitStreams(node, 1);
    for (Point point : vectors(9000, 30)) {
      node.put(points, points(List.of(point))).result();
    }
    List<SoundRecord> known = Heard.in(bytes(node, "/collections/heard/audio").body());
    node.delete("/collections/heard").result(); // ends the stream
    List<SoundRecord> heard = new ArrayList<>();
    Listener.listen(
        new ByteArrayInputStream(pcm.get(60, TimeUnit.SECONDS)),
        new PcmLayout(2, PcmLayout.Encoding.S24LE),
        (record, _) -> heard.add(record));
    assertThat(known).hasSize(COUNT + 31);
    assertThat(heard).hasSameSizeAs(known);
    for (int i = 0; i < known.size(); i++) {
      assertSame(heard.get(i), known.get(i));
    }
  }

  private static String quoted(String program) {
    return program.replace("!", "'!'");
  }

  private static boolean isThere(String program) throws Exception {
    return new ProcessBuilder("sh", "-c", "command -v " + program)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }
}
