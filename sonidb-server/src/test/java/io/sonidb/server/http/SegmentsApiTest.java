package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.IndexOptions;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.server.TestNode;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// A collection's files, and vectors, as files over HTTP.
class SegmentsApiTest {
  private static final String C = "/collections/songs";
  private static final int DIMENSION = 512;

  @TempDir static Path folder;
  private static TestNode node;
  private static JsonNode segment;
  private static String path;

  @BeforeAll
  static void start() throws Exception {
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      fill(db, "songs");
      fill(db, "dropped");
    }
    node = TestNode.start(folder.resolve("data"));
    segment = first("songs");
    path = C + "/segments/" + segment.get("file").stringValue();
  }

  private static void fill(SoniDb db, String name) {
    Random random = new Random(4);
    Collection songs =
        db.create(
            name,
            CollectionSpec.dimension(DIMENSION)
                .metric(Metric.DOT)
                .durability(Durability.OS)
                .segmentBytes(8L << 20));
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      float[] vector = new float[DIMENSION];
      for (int k = 0; k < DIMENSION; k++) {
        vector[k] = (float) random.nextGaussian();
      }
      points.add(Point.of(String.valueOf(i), vector));
    }
    songs.upsert(points);
    songs.buildIndex(new IndexOptions(false, true), Progress.NONE);
    songs.upsert("open", new float[DIMENSION]);
  }

  private static JsonNode first(String collection) {
    return node.get("/collections/" + collection + "/segments").result().get("segments").get(0);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static HttpResponse<byte[]> send(String method, String to, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(node.uri() + to)).method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return node.client().send(request.build(), BodyHandlers.ofByteArray());
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  // Failures -----------------------------------------------------------------------------------

  @Test
  void refusesTheSegmentThatIsWrittenTo() {
    JsonNode all = node.get(C + "/segments").result().get("segments");
    JsonNode open = all.get(all.size() - 1);
    assertThat(open.get("sealed").booleanValue()).isFalse();
    assertThat(open.has("sha256")).isFalse();
    TestNode.Reply reply = node.get(C + "/segments/" + open.get("file").stringValue());
    assertThat(reply.status()).isEqualTo(409);
    assertThat(reply.error()).contains("is still written to");
  }

  @Test
  void refusesARangeBehindTheEnd() throws Exception {
    long size = segment.get("bytes").longValue();
    for (String range : new String[] {"bytes=" + size + "-", "bytes=-0"}) {
      HttpResponse<byte[]> refused = send("GET", path, "Range", range);
      assertThat(refused.statusCode()).isEqualTo(416);
      assertThat(header(refused, "Content-Range")).isEqualTo("bytes */" + size);
    }
  }

  // Files --------------------------------------------------------------------------------------

  @Test
  void sendsTheFileAsItLiesOnDisk() throws Exception {
    HttpResponse<byte[]> sent = send("GET", path);
    assertThat(sha256(sent.body())).isEqualTo(segment.get("sha256").stringValue());
    assertThat(sent.body()).hasSize(segment.get("bytes").intValue());
    assertThat(header(sent, "Content-Type")).isEqualTo("audio/flac");
    assertThat(header(sent, "ETag")).isEqualTo('"' + segment.get("sha256").stringValue() + '"');
    assertThat(header(sent, "Cache-Control")).isEqualTo("max-age=31536000, immutable");
    HttpResponse<byte[]> head = send("HEAD", path);
    assertThat(head.body()).isEmpty();
    for (String name : new String[] {"Content-Length", "ETag", "Accept-Ranges", "Content-Type"}) {
      assertThat(header(head, name)).as(name).isNotEmpty().isEqualTo(header(sent, name));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 1",
    "bytes=10-, 10, -1",
    "bytes=100-99999999999, 100, -1",
    "bytes=-16, -16, -1",
    "bytes=-99999999999, 0, -1",
    "bytes=1048575-1048577, 1048575, 1048578",
  })
  void sendsARange(String range, int from, int to) throws Exception {
    byte[] all = send("GET", path).body();
    int start = from < 0 ? all.length + from : from;
    int end = to < 0 ? all.length : to;
    HttpResponse<byte[]> part = send("GET", path, "Range", range);
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(header(part, "Content-Range"))
        .isEqualTo("bytes " + start + "-" + (end - 1) + "/" + all.length);
    assertThat(part.body()).isEqualTo(Arrays.copyOfRange(all, start, end));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=5-4", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "samples=0-1"})
  void sendsAllWhenWhatIsAskedForIsNoSingleRange(String range) throws Exception {
    HttpResponse<byte[]> sent = send("GET", path, "Range", range);
    assertThat(sent.statusCode()).isEqualTo(200);
    assertThat(sent.body()).hasSize(segment.get("bytes").intValue());
  }

  @Test
  void asksWhetherTheClientHasItAlready() throws Exception {
    String tag = '"' + segment.get("sha256").stringValue() + '"';
    assertThat(send("GET", path, "If-None-Match", tag).statusCode()).isEqualTo(304);
    assertThat(send("GET", path, "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
    assertThat(send("GET", path, "Range", "bytes=0-9", "If-Range", tag).statusCode())
        .isEqualTo(206);
    assertThat(send("GET", path, "Range", "bytes=0-9", "If-Range", "\"other\"").statusCode())
        .isEqualTo(200);
  }

  @Test
  void finishesADownloadThoughCompactionHasTakenTheFile() throws Exception {
    JsonNode file = first("dropped");
    String doomed = "/collections/dropped/segments/" + file.get("file").stringValue();
    HttpResponse<InputStream> slow =
        node.client()
            .send(
                HttpRequest.newBuilder(URI.create(node.uri() + doomed)).build(),
                BodyHandlers.ofInputStream());
    byte[] first = slow.body().readNBytes(1000);
    node.delete("/collections/dropped").result(); // takes all files, as compaction takes some
    byte[] rest = slow.body().readAllBytes();
    byte[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    assertThat(sha256(all)).isEqualTo(file.get("sha256").stringValue());
    assertThat(send("GET", doomed).statusCode()).isEqualTo(404);
  }

  @Test
  void sendsTheIndexFiles() throws Exception {
    HttpResponse<byte[]> sfv = send("GET", C + "/index.sfv");
    assertThat(new String(sfv.body(), java.nio.charset.StandardCharsets.UTF_8))
        .contains(segment.get("sha256").stringValue())
        .containsIgnoringCase(segment.get("crc32").stringValue());
    HttpResponse<byte[]> json = send("GET", C + "/index.json");
    assertThat(new String(json.body(), java.nio.charset.StandardCharsets.UTF_8))
        .startsWith("[\n{\"id\":")
        .endsWith("]\n");
    assertThat(send("GET", C + "/index.json", "If-None-Match", header(json, "ETag")).statusCode())
        .isEqualTo(304);
    assertThat(send("HEAD", C + "/index.json").body()).isEmpty();
  }

  @Test
  void sendsAVectorAsAFile() throws Exception {
    HttpResponse<byte[]> sent = send("GET", C + "/points/5/audio");
    assertThat(new String(sent.body(), 0, 4, java.nio.charset.StandardCharsets.US_ASCII))
        .isEqualTo("fLaC");
    String tag = header(sent, "ETag");
    assertThat(tag).matches("\"[0-9a-f]{16}-6-[0-9a-f]{8}\"");
    assertThat(send("GET", C + "/points/5/audio", "If-None-Match", tag).statusCode())
        .isEqualTo(304);
    assertThat(send("HEAD", C + "/points/5/audio").body()).isEmpty();
    assertThat(send("GET", C + "/points/5/audio", "Range", "bytes=0-3").body())
        .asString()
        .isEqualTo("fLaC");
  }
}
