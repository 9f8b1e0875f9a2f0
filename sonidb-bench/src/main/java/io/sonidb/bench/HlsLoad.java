package io.sonidb.bench;

import io.sonidb.CollectionSpec;
import io.sonidb.Point;
import io.sonidb.client.RemoteCollection;
import io.sonidb.client.SoniDbClient;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.sound.Receiver;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Measures low-latency HLS of a running node over loopback: from insert to the decoded vector of a
/// viewer who follows the playlist part by part, while others do the same and some vanish.
///
/// Arguments: URL, viewers (200), seconds (30), dimension (384), inserts a second (20). The
/// collection is called `hls-load`, and stays.
final class HlsLoad {
  private static final String NAME = "hls-load";
  private static final Pattern SEQUENCE = Pattern.compile("#EXT-X-MEDIA-SEQUENCE:([0-9]+)");
  private static final Pattern PART = Pattern.compile("URI=\"(live/[0-9]+\\.[0-9]\\.m4s)\"");

  private final URI node;
  private final int dimension;
  private final Map<Long, Long> sent = new ConcurrentHashMap<>();
  private final AtomicLong parts = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final List<Long> latencies = new ArrayList<>(); // of the one viewer who decodes
  private volatile boolean over;

  private HlsLoad(URI node, int dimension) {
    this.node = node;
    this.dimension = dimension;
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws InterruptedException {
    if (args.length < 1) {
      throw new IllegalArgumentException(
          "usage: HlsLoad URL [VIEWERS] [SECONDS] [DIMENSION] [INSERTS]");
    }
    int[] numbers = {200, 30, 384, 20};
    for (int i = 1; i < args.length; i++) {
      numbers[i - 1] = Integer.parseInt(args[i]);
    }
    new HlsLoad(URI.create(args[0]), numbers[2]).run(numbers[0], numbers[1], numbers[3]);
  }

  private void run(int viewers, int seconds, int inserts) throws InterruptedException {
    try (SoniDbClient client = SoniDbClient.of(node.toString())) {
      if (client.find(NAME).isPresent()) {
        client.drop(NAME);
      }
      RemoteCollection songs = client.create(NAME, CollectionSpec.dimension(dimension));
      CountDownLatch ended = new CountDownLatch(viewers);
      for (int i = 0; i < viewers; i++) {
        boolean decodes = i == 0;
        boolean vanishes = i % 4 == 3;
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              view(decodes, vanishes);
              ended.countDown();
            });
      }
      ClusteredVectors source = new ClusteredVectors(dimension, 1);
      long start = System.nanoTime();
      long count = 0;
      while (System.nanoTime() - start < seconds * 1_000_000_000L) {
        Point point = Point.of(VectorId.of(count), Vector.sharing(source.next()));
        sent.put(++count, System.nanoTime());
        songs.upsert(List.of(point));
        LockSupport.parkNanos(start + count * 1_000_000_000L / inserts - System.nanoTime());
      }
      TimeUnit.SECONDS.sleep(2); // the last ones are on their way
      over = true;
      if (!ended.await(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("some viewers hang");
      }
      report(viewers, seconds, count);
    }
  }

  private void report(int viewers, int seconds, long inserted) {
    long[] sorted = latencies.stream().mapToLong(Long::longValue).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalStateException("nothing was heard");
    }
    System.out.printf(
        Locale.ROOT,
        "%d viewers: %d of %d vectors decoded, insert sent to vector median %.0f ms, 99 of 100"
            + " within %.0f ms; %.0f parts/s, %d requests failed%n",
        viewers,
        sorted.length,
        inserted,
        sorted[sorted.length / 2] / 1e6,
        sorted[(int) (sorted.length * 0.99)] / 1e6,
        (double) parts.get() / seconds,
        failures.get());
  }

  /// Follows the playlist until it is over; begins again when something fails, or it vanished.
  private void view(boolean decodes, boolean vanishes) {
    while (!over) {
      try (HttpConnection http = new HttpConnection(node)) {
        follow(http, decodes, vanishes);
      } catch (IOException e) {
        failures.incrementAndGet();
      }
    }
  }

  private void follow(HttpConnection http, boolean decodes, boolean vanishes) throws IOException {
    String base = "/collections/" + NAME + "/hls/";
    FrameDecoder frames = new FrameDecoder();
    Receiver receiver =
        new Receiver(
            SoundFormat.FLOAT32,
            (record, _) ->
                latencies.add(
                    System.nanoTime() - Objects.requireNonNull(sent.get(record.sequence()))));
    String last = "";
    String query = "";
    for (int reloads = 0; !over && !(vanishes && reloads == 50); reloads++) {
      String playlist = text(http.send("GET", base + "live.m3u8" + query, new byte[0]));
      List<String> names = new ArrayList<>();
      Matcher each = PART.matcher(playlist);
      while (each.find()) {
        names.add(each.group(1));
      }
      String hint = names.removeLast();
      int from = last.isEmpty() ? names.size() : names.indexOf(last) + 1;
      for (String name : names.subList(from, names.size())) {
        byte[] media = http.send("GET", base + name, new byte[0]);
        parts.incrementAndGet();
        if (decodes) {
          hear(media, frames, receiver);
        }
      }
      last = names.getLast();
      String[] number = hint.substring(5).split("\\.", -1);
      query = "?_HLS_msn=" + number[0] + "&_HLS_part=" + number[1];
    }
  }

  private static String text(byte[] bytes) throws IOException {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (!SEQUENCE.matcher(text).find()) {
      throw new IOException("no playlist: " + text.substring(0, Math.min(100, text.length())));
    }
    return text;
  }

  /// Decodes the frames in a part.
  private static void hear(byte[] media, FrameDecoder frames, Receiver receiver)
      throws IOException {
    ByteBuffer boxes = ByteBuffer.wrap(media);
    int[][] pcm = new int[SoundFormat.FLOAT32.channels()][];
    while (boxes.hasRemaining()) {
      int end = boxes.position() + boxes.getInt();
      byte[] name = new byte[4];
      boxes.get(name);
      if (Arrays.equals(name, new byte[] {'m', 'd', 'a', 't'})) {
        for (int at = boxes.position(); at < end; ) {
          at += frames.decode(media, at, end);
          Arrays.setAll(pcm, frames::samples);
          receiver.accept(pcm, 0, frames.blockSize());
        }
      }
      boxes.position(end);
    }
  }
}
