package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.hls.HeardRecords;
import io.sonidb.server.hls.ManualClock;
import io.sonidb.server.hls.Playlist;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many viewers of the live playlist, some of whom behave badly.
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class HlsViewersTest {
  private static final String HLS = "/collections/songs/hls/";
  private static final int DIMENSION = 48;
  private static final int PARTS = 5; // of a segment
  private static final int PART_MILLIS = 200;
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());

  private final ManualClock clock = new ManualClock(1_790_000_000_000L);
  private final Random random = new Random(SEED);
  private final List<Vector> written = new ArrayList<>();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @TempDir Path folder;
  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node =
        TestNode.start(
            folder.resolve("data"),
            Map.of(
                "http.stall_seconds", "1",
                "http.idle_seconds", "600",
                "http.max_streams", "400"),
            clock);
    node.put(
            "/collections/songs",
            "{'vectors': {'size': 48, 'distance': 'Dot'}, 'sonidb': {'durability': 'os'}}")
        .result();
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private void write(int count) {
    StringBuilder body = new StringBuilder("{\"points\": [");
    for (int i = 0; i < count; i++) {
      float[] vector = new float[DIMENSION];
      body.append(i == 0 ? "" : ",").append("{\"id\": ").append(written.size());
      for (int k = 0; k < DIMENSION; k++) {
        vector[k] = (float) random.nextGaussian();
        body.append(k == 0 ? ", \"vector\": [" : ",").append(vector[k]);
      }
      body.append("]}");
      written.add(Vector.of(vector));
    }
    node.put("/collections/songs/points", body.append("]}").toString()).result();
  }

  private HttpResponse<byte[]> ask(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(node.uri() + HLS + path)).build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  /// What must come, though on a busy machine it may come so late that it must be asked for again.
  private byte[] get(String path) throws IOException, InterruptedException {
    HttpResponse<byte[]> response = ask(path);
    while (response.statusCode() == 503) {
      assertThat(new String(response.body(), StandardCharsets.UTF_8)).contains("the part is late");
      response = ask(path);
    }
    assertThat(response.statusCode()).as(path).isEqualTo(200);
    return response.body();
  }

  private Playlist playlist() throws IOException, InterruptedException {
    return Playlist.read(new String(get("live.m3u8"), StandardCharsets.UTF_8));
  }

  /// A second that is full of sound, so that it has some bytes.
  private Playlist fill() throws Exception {
    playlist();
    for (int part = 0; part < PARTS; part++) {
      write(130);
      clock.advance(PART_MILLIS);
    }
    clock.advance((long) PARTS * PART_MILLIS); // it may not have begun with a segment
    return playlist();
  }

  private static String request(String path) {
    return "GET " + HLS + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(node.uri().getHost(), node.uri().getPort()));
    return socket;
  }

  /// Asks for more than any buffer on the way holds, and reads none of it.
  private Socket stall(String path, int times) throws IOException {
    Socket socket = connect();
    socket.getOutputStream().write(request(path).repeat(times).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /// Asks for what comes next, and is gone.
  private void vanish(String path) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request(path).getBytes(StandardCharsets.US_ASCII));
      socket.setSoLinger(true, 0);
    }
  }

  private long figure(String name) {
    return node.get("/metrics")
        .text()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> Long.parseLong(line.split(" ", 2)[1]))
        .sum();
  }

  /// Hears part by part, each as soon as it is there.
  private List<SoundRecord> view(long first, int parts, Phaser heard) throws Exception {
    HeardRecords records = new HeardRecords(SoundFormat.FLOAT32);
    try {
      for (long next = first; next < first + parts; next++) {
        String segment = String.valueOf(next / PARTS);
        String part = String.valueOf(next % PARTS);
        String name = "live/" + segment + "." + part + ".m4s";
        byte[] list = get("live.m3u8?_HLS_msn=" + segment + "&_HLS_part=" + part);
        assertThat(new String(list, StandardCharsets.UTF_8)).contains("URI=\"" + name + "\"");
        records.hear(get(name));
        heard.arrive();
      }
      return records.records();
    } finally {
      heard.arriveAndDeregister();
    }
  }

  @Test
  void twoHundredHearEverythingBesideSomeWhoStallAndVanish() throws Exception {
    int viewers = 200;
    int parts = 8;
    Playlist before = fill();
    String full = before.segments().get(before.segments().size() - 2).uri();
    int bytes = get(full).length;
    int times = 64 * 1024 * 1024 / bytes;
    int already = written.size();
    List<Socket> stalled = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 4; i++) {
        stalled.add(stall(full, times));
      }
      long first = before.end() * PARTS + before.partsOfNext();
      Phaser heard = new Phaser(viewers + 1);
      List<Future<List<SoundRecord>>> all = new ArrayList<>();
      for (int i = 0; i < viewers; i++) {
        all.add(threads.submit(() -> view(first, parts, heard)));
      }
      for (int part = 0; part < parts; part++) {
        for (int i = 0; i < 20; i++) {
          vanish(
              "live.m3u8?_HLS_msn="
                  + (first + part) / PARTS
                  + "&_HLS_part="
                  + (first + part) % PARTS);
          vanish(playlist().hint());
        }
        write(10);
        clock.advance(PART_MILLIS);
        heard.arriveAndAwaitAdvance();
      }
      heard.arriveAndDeregister();
      for (Future<List<SoundRecord>> each : all) {
        List<SoundRecord> records = each.get();
        assertThat(records.stream().map(SoundRecord::vector))
            .as("seed %d", SEED)
            .containsExactlyElementsOf(written.subList(already, written.size()));
      }
      while (figure("sonidb_http_requests_in_progress") > 1) { // more than this one
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
      for (Socket socket : stalled) {
        assertThat(rest(socket))
            .as("bytes until it was disconnected")
            .isLessThan((long) bytes * times);
      }
      assertThat(figure("sonidb_streams")).as("places of those who are gone").isZero();
    } finally {
      for (Socket socket : stalled) {
        socket.close();
      }
    }
  }

  /// Reads until the other end hangs up.
  private static long rest(Socket socket) throws IOException {
    long all = 0;
    byte[] buffer = new byte[1 << 16];
    try {
      InputStream in = socket.getInputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        all += count;
      }
    } catch (SocketException e) {
      // It was reset.
    }
    return all;
  }

  @Test
  void waitsForNobodyLongerThanItSays() throws Exception {
    Playlist before = playlist();
    long next = before.end() * PARTS + before.partsOfNext();
    String path = "live.m3u8?_HLS_msn=" + (next + 3) / PARTS + "&_HLS_part=" + (next + 3) % PARTS;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<TestNode.Reply>> held = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        held.add(threads.submit(() -> node.get(HLS + path))); // time stands still: it never comes
      }
      for (Future<TestNode.Reply> each : held) {
        assertThat(each.get().status()).isEqualTo(503);
        assertThat(each.get().error()).contains("the part is late");
      }
    }
    assertThat(figure("sonidb_streams")).isZero();
    clock.advance(4L * PART_MILLIS);
    assertThat(node.get(HLS + path).status()).isEqualTo(200);
  }
}
