package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import io.sonidb.server.hls.HeardRecords;
import io.sonidb.server.hls.Mp4Reader;
import io.sonidb.server.hls.Playlist;
import io.sonidb.sound.Listener;
import io.sonidb.sound.PcmLayout;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// HTTP Live Streaming, and what other programs make of it.
class HlsApiTest {
  private static final String HLS = "/collections/songs/hls/";
  private static final int DIMENSION = 96;
  private static final int SEALED = 2500;
  private static final int OPEN = 300;
  private static final Random RANDOM = new Random(Long.getLong("sonidb.seed", 10));
  private static final double SECONDS_ERROR = 1e-5;

  @TempDir static Path folder;

  private static TestNode node;
  private static List<SoundRecord> known;

  @BeforeAll
  static void start() throws Exception {
    fill(folder.resolve("data"));
    node = TestNode.start(folder.resolve("data"), Map.of("http.max_streams", "4"));
    known = records(get(node, "/collections/songs/audio").body());
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  /// A collection with a sealed segment and one that is written to.
  private static void fill(Path data) {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", spec(DIMENSION));
      songs.upsert(vectors(DIMENSION, 0, SEALED));
      songs.delete("7");
      songs.buildIndex();
      songs.upsert(vectors(DIMENSION, 5000, OPEN));
    }
  }

  private static CollectionSpec spec(int dimension) {
    return CollectionSpec.dimension(dimension).metric(Metric.DOT).durability(Durability.OS);
  }

  private static List<Point> vectors(int dimension, int first, int count) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[dimension];
      for (int k = 0; k < dimension; k++) {
        vector[k] = (float) RANDOM.nextGaussian();
      }
      points.add(Point.of(VectorId.of(first + i), Vector.of(vector)));
    }
    return points;
  }

  private static List<SoundRecord> records(byte[] audio) throws IOException {
    List<SoundRecord> records = new ArrayList<>();
    Listener.listen(new ByteArrayInputStream(audio), (record, _) -> records.add(record));
    return records;
  }

  private static HttpResponse<byte[]> get(TestNode node, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.uri() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return node.client().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static Playlist playlist(TestNode node, String path) {
    Reply reply = node.get(path);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return Playlist.read(reply.text());
  }

  private static void assertSame(SoundRecord heard, SoundRecord written) {
    assertThat(heard.sequence()).isEqualTo(written.sequence());
    assertThat(heard.kind()).isEqualTo(written.kind());
    assertThat(heard.id()).isEqualTo(written.id());
    assertThat(heard.payload()).isEqualTo(written.payload());
    if (written.kind() == io.sonidb.sound.RecordKind.UPSERT) {
      assertThat(heard.vector()).isEqualTo(written.vector());
    }
  }

  // Failures -----------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "live.m3u8?_HLS_part=1             | 400 | _HLS_part needs _HLS_msn",
        "live.m3u8?_HLS_msn=x              | 400 | _HLS_msn must be a sequence number",
        "live.m3u8?_HLS_msn=-1             | 400 | _HLS_msn must be a sequence number",
        "live.m3u8?_HLS_msn=999999999999   | 400 | segments ahead; two is the most",
        "live/1.m4s                        | 404 | the playlist does not name this",
        "live/999999999999.0.m4s           | 404 | the playlist does not name this",
        "live/..%2F1.m4s                   | 404 | the playlist does not name this",
        "init-00000000.mp4                 | 404 | the playlist does not name this",
        "vod/x.m4s                         | 404 | the playlist does not name this",
        "vod/00000000-0001-00000001_0-1_0.m4s | 404 | the playlist does not name this",
        "nothing.m3u8                      | 404 | the playlist does not name this",
      })
  void refusesWhatThereIsNot(String path, int status, String message) {
    Reply reply = node.get(HLS + path);
    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
    assertThat(reply.error()).contains(message);
    assertThat(node.get("/collections/other/hls/live.m3u8").status()).isEqualTo(404);
    assertThat(node.get("/collections/other/hls/vod.m3u8").status()).isEqualTo(404);
  }

  @Test
  void refusesCutsThatAreNotThereOrTooLarge() {
    String name = playlist(node, HLS + "vod.m3u8").segments().getFirst().uri();
    String start = name.substring(0, name.indexOf('_'));
    for (String range :
        List.of("_0-0_0", "_5-4_0", "_0-99999_0", "_999999999-999999999_0", "_0-1_")) {
      assertThat(node.get(HLS + start + range + ".m4s").status()).as(range).isEqualTo(404);
    }
    assertThat(node.get(HLS + start + "_0-" + (SEALED + 1) + "_0.m4s").status())
        .as("all at once: less than 96 seconds")
        .isEqualTo(200);
  }

  @Test
  void hasOnlySoManyWhoWait() throws Exception {
    long next = playlist(node, HLS + "live.m3u8").end();
    List<java.util.concurrent.CompletableFuture<HttpResponse<byte[]>>> waiting = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      waiting.add(
          node.client()
              .sendAsync(
                  HttpRequest.newBuilder(
                          URI.create(node.uri() + HLS + "live.m3u8?_HLS_msn=" + (next + 1)))
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray()));
    }
    List<Integer> statuses = new ArrayList<>();
    for (var each : waiting) {
      statuses.add(each.get(20, TimeUnit.SECONDS).statusCode());
    }
    assertThat(statuses).contains(200, 503).doesNotContain(500);
  }

  @Test
  void isSilentWhereARecordIsDamaged() throws Exception {
    Path data = folder.resolve("damaged");
    fill(data);
    Path file;
    try (Stream<Path> files = Files.walk(data)) {
      file = files.filter(each -> each.endsWith("0001-00000001.flac")).findFirst().orElseThrow();
    }
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() / 2);
      int was = bytes.read();
      bytes.seek(bytes.length() / 2);
      bytes.write(was ^ 1);
    }
    try (TestNode damaged = TestNode.start(data)) {
      HeardRecords heard = hearAll(damaged, "songs", SoundFormat.FLOAT32);
      assertThat(heard.records()).hasSize(known.size() - 1);
      assertThat(heard.silentFrames()).isOne();
    }
  }

  // The whole collection -----------------------------------------------------------------------

  /// Hears the whole playlist; its durations must be those of the frames, its times without a gap.
  private static HeardRecords hearAll(TestNode node, String collection, SoundFormat format)
      throws Exception {
    String hls = "/collections/" + collection + "/hls/";
    Playlist playlist = playlist(node, hls + "vod.m3u8");
    assertThat(playlist.isComplete()).isTrue();
    HeardRecords heard = new HeardRecords(format);
    for (Playlist.Segment segment : playlist.segments()) {
      byte[] media = get(node, hls + segment.uri()).body();
      long samples =
          Mp4Reader.fragments(media).stream().mapToLong(Mp4Reader.Fragment::duration).sum();
      assertThat(samples / 48_000.0)
          .isCloseTo(segment.seconds(), org.assertj.core.api.Assertions.within(SECONDS_ERROR));
      heard.hear(media);
    }
    return heard;
  }

  @Test
  void hasEveryRecordInThePlaylistOfAll() throws Exception {
    HeardRecords heard = hearAll(node, "songs", SoundFormat.FLOAT32);
    assertThat(heard.records()).hasSameSizeAs(known);
    for (int i = 0; i < known.size(); i++) {
      assertSame(heard.records().get(i), known.get(i));
    }
    assertThat(heard.silentFrames()).isZero();
    byte[] map = get(node, HLS + playlist(node, HLS + "vod.m3u8").map()).body();
    assertThat(Mp4Reader.flacHead(map)).startsWith('f', 'L', 'a', 'C');
    node.put("/collections/empty", "{'vectors': {'size': 4, 'distance': 'Dot'}}").result();
    assertThat(playlist(node, "/collections/empty/hls/vod.m3u8").segments()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Sonification.class)
  void hasTheDurationsOfEverySonification(Sonification sonification) throws Exception {
    Path data = folder.resolve("sonified-" + sonification);
    List<Point> points = vectors(700, 0, 20);
    String text = "x".repeat(70_000);
    points.set(
        5,
        Point.of(
            points.get(5).id(),
            points.get(5).vector(),
            Payload.ofJson("{\"t\": \"" + text + "\"}")));
    CollectionSpec spec = spec(700).sonification(sonification);
    try (SoniDb db = SoniDb.open(data)) {
      db.create("songs", spec).upsert(points);
    }
    try (TestNode sonified = TestNode.start(data)) {
      HeardRecords heard =
          hearAll(sonified, "songs", new SoundFormat(spec.element(), sonification));
      assertThat(heard.records().stream().map(SoundRecord::vector))
          .containsExactlyElementsOf(points.stream().map(Point::vector).toList());
    }
  }

  @Test
  void letsCachesKeepWhatNeverChanges() throws Exception {
    String name = HLS + playlist(node, HLS + "vod.m3u8").segments().getFirst().uri();
    HttpResponse<byte[]> first = get(node, name);
    assertThat(first.headers().firstValue("cache-control")).contains("max-age=31536000, immutable");
    assertThat(first.headers().firstValue("content-type")).contains("audio/mp4");
    String tag = first.headers().firstValue("etag").orElseThrow();
    assertThat(get(node, name, "If-None-Match", tag).statusCode()).isEqualTo(304);
    HttpResponse<byte[]> some = get(node, name, "Range", "bytes=100-199");
    assertThat(some.statusCode()).isEqualTo(206);
    assertThat(some.body()).hasSize(100);
    assertThat(node.send("HEAD", name, java.util.Optional.empty(), Map.of()).status())
        .isEqualTo(200);
    HttpResponse<byte[]> list = get(node, HLS + "vod.m3u8");
    assertThat(list.headers().firstValue("cache-control")).contains("no-cache");
    assertThat(list.headers().firstValue("content-type")).contains("application/vnd.apple.mpegurl");
    String listTag = list.headers().firstValue("etag").orElseThrow();
    assertThat(get(node, HLS + "vod.m3u8", "If-None-Match", listTag).statusCode()).isEqualTo(304);
    HttpResponse<byte[]> live = get(node, HLS + "live.m3u8");
    assertThat(live.headers().firstValue("cache-control")).contains("no-cache");
    assertThat(node.get(HLS + "live-master.m3u8").text())
        .contains("CODECS=\"fLaC\"")
        .endsWith("live.m3u8\n");
    assertThat(node.get(HLS + "vod-master.m3u8").text()).endsWith("vod.m3u8\n");
  }

  // Other programs -----------------------------------------------------------------------------

  private static boolean isThere(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
  }

  private static Process program(String line, String url) throws IOException {
    List<String> command =
        Stream.of(line.split(" ")).map(word -> word.replace("URL", url)).toList();
    assumeTrue(isThere(command.getFirst()), command.getFirst() + " is missing");
    if (command.contains("hlsdemux")) {
      assumeTrue(hasHlsdemux(), "GStreamer's hlsdemux is missing");
    }
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static boolean hasHlsdemux() throws IOException {
    try {
      return new ProcessBuilder("gst-inspect-1.0", "--exists", "hlsdemux").start().waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static final String FFMPEG = "ffmpeg -v error -i URL -f s32le -";
  private static final String GSTREAMER =
      "gst-launch-1.0 -q souphttpsrc location=URL ! hlsdemux ! qtdemux ! flacparse ! flacdec"
          + " ! audioconvert ! audio/x-raw,format=S32LE ! fdsink";

  @ParameterizedTest
  @ValueSource(strings = {FFMPEG, GSTREAMER})
  void isPlayedWholeByOtherPrograms(String line) throws Exception {
    Process process = program(line, node.uri() + HLS + "vod.m3u8");
    List<SoundRecord> heard = new ArrayList<>();
    try (InputStream pcm = process.getInputStream()) {
      Listener.listen(
          new ByteArrayInputStream(pcm.readAllBytes()),
          new PcmLayout(2, PcmLayout.Encoding.S32LE),
          (record, _) -> heard.add(record));
    }
    assertThat(heard).hasSameSizeAs(known);
    for (int i = 0; i < known.size(); i++) {
      assertSame(heard.get(i), known.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {FFMPEG, GSTREAMER})
  void isPlayedLiveByOtherPrograms(String line) throws Exception {
    String name = "live" + line.length();
    node.put(
            "/collections/" + name,
            "{'vectors': {'size': 96, 'distance': 'Dot'}, 'sonidb': {'durability': 'os'}}")
        .result();
    Process process = program(line, node.uri() + "/collections/" + name + "/hls/live.m3u8");
    ConcurrentLinkedQueue<SoundRecord> heard = new ConcurrentLinkedQueue<>();
    Thread listening =
        Thread.startVirtualThread(() -> {
          try (InputStream pcm = process.getInputStream()) {
            Listener.listen(
                pcm, new PcmLayout(2, PcmLayout.Encoding.S32LE), (record, _) -> heard.add(record));
          } catch (IOException e) {
            // It was ended.
          }
        });
    TreeMap<Long, Vector> written = new TreeMap<>();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (heard.size() < 100 && System.nanoTime() < end && process.isAlive()) {
      StringBuilder body = new StringBuilder("{\"points\": [");
      List<Point> points = vectors(DIMENSION, written.size(), 5);
      for (Point point : points) {
        body.append(body.charAt(body.length() - 1) == '[' ? "" : ",")
            .append("{\"id\": ")
            .append(point.id())
            .append(", \"vector\": [");
        for (int i = 0; i < DIMENSION; i++) {
          body.append(i == 0 ? "" : ",").append((float) point.vector().doubleAt(i));
        }
        body.append("]}");
        written.put(written.size() + 1L, point.vector());
      }
      node.put("/collections/" + name + "/points", body.append("]}").toString()).result();
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos()); // as fast as somebody writes
    }
    process.destroy();
    listening.join(10_000);
    List<SoundRecord> all = List.copyOf(heard);
    assertThat(all).hasSizeGreaterThanOrEqualTo(100);
    long sequence = all.getFirst().sequence();
    for (SoundRecord record : all) {
      assertThat(record.sequence()).isEqualTo(sequence++);
      assertThat(record.vector()).isEqualTo(written.get(record.sequence()));
    }
  }
}
