package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.hls.HeardRecords;
import io.sonidb.server.hls.LiveClock;
import io.sonidb.server.hls.Playlist;
import io.sonidb.sound.Listener;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A stretch of live sound by a clock that goes faster: vectors come now and then or all at once,
/// are replaced and deleted, segments sealed and compacted, and the node is started again. Whoever
/// listens over HTTP or HLS, without a break or with many, hears each vector as it was written,
/// once, and knows in the end what the collection has. What the live playlist had no time for, it
/// has said.
class DayOfSoundTest {
  private static final int DIMENSION = 48;
  private static final int IDS = 2500;

  /// Vectors in a burst: more than a second holds.
  private static final int BURST = 1000;

  private static final String END = "end";
  private static final long SEED = Long.getLong("sonidb.seed", new Random().nextLong());

  @TempDir Path folder;

  @Test
  void losesNothingInTenMinutes() throws Exception {
    run(Duration.ofMinutes(10));
  }

  @Test
  @Tag("slow")
  void losesNothingInADay() throws Exception {
    run(Duration.ofHours(Integer.getInteger("sonidb.live.hours", 24)));
  }

  /// Time that goes as fast as somebody follows.
  private static final class PacedClock implements LiveClock {
    private static final long STEP_MILLIS = 500;
    private static final long MOST_AHEAD_MILLIS = 4000;

    private final long start = System.currentTimeMillis();
    private long millis = start;

    @Override
    public synchronized long millis() {
      return millis;
    }

    @Override
    public synchronized void awaitMillis(long wanted) throws InterruptedException {
      while (millis < wanted) {
        wait();
      }
    }

    /// Goes on, once who follows is not far behind; nobody holds it up for ever.
    void step(HlsHearer follower) {
      long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
      while (millis() - follower.heardMillis > MOST_AHEAD_MILLIS && System.nanoTime() < end) {
        LockSupport.parkNanos(50_000);
      }
      synchronized (this) {
        millis += STEP_MILLIS;
        notifyAll();
      }
    }

    Duration passed() {
      return Duration.ofMillis(millis() - start);
    }
  }

  /// The vector of an id in a version, which its payload names.
  private static Vector vector(VectorId id, long version) {
    Random random = new Random(id.fingerprint() ^ version);
    float[] vector = new float[DIMENSION];
    for (int k = 0; k < DIMENSION; k++) {
      vector[k] = (float) random.nextGaussian();
    }
    return Vector.of(vector);
  }

  /// Applies what it hears, and complains.
  private abstract static class Hearer implements Runnable {
    final String url;
    // One connection for each request that waits: a restart cuts off no more than that.
    final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<VectorId, Long> state = new HashMap<>();
    private final BitSet versions = new BitSet();
    private volatile String failure = "";
    private volatile String trouble = "";
    volatile long next = 1;
    volatile boolean ended;

    Hearer(String url) {
      this.url = url;
    }

    void apply(SoundRecord record) {
      boolean isEnd = record.kind() == RecordKind.UPSERT && record.id().equals(VectorId.parse(END));
      int version = record.kind() == RecordKind.UPSERT && !isEnd ? version(record) : 0;
      if (version > 0 && !record.vector().equals(vector(record.id(), version))) {
        failure = "vector " + record.id() + " of version " + version + " is another one";
      }
      long behind = behind(record);
      if (behind <= next || ended) {
        return; // it was heard before, by the other way
      }
      if (record.sequence() > next) {
        failure = "number " + next + " is missing before " + record.sequence();
      }
      next = behind;
      ended = isEnd;
      if (record.kind() == RecordKind.DELETE) {
        state.remove(record.id());
      } else if (version > 0) {
        state.put(record.id(), (long) version);
        if (versions.get(version)) {
          failure = "version " + version + " came twice";
        }
        versions.set(version);
      }
    }

    private static int version(SoundRecord record) {
      return ((Number)
              Objects.requireNonNull(
                  io.sonidb.Payload.ofCbor(record.payload()).toMap().get("version")))
          .intValue();
    }

    /// The number behind those of a record.
    static long behind(SoundRecord record) {
      return record.sequence() + (record.kind() == RecordKind.SKIP ? record.skipCount() : 1);
    }

    /// All records up to the present.
    void catchUp() throws IOException, InterruptedException {
      HttpResponse<InputStream> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/audio?from=" + next)).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      check(response.statusCode());
      try (InputStream in = response.body()) {
        Listener.listen(in, (record, _) -> apply(record));
      }
    }

    void check(int status) throws IOException {
      if (status == 410 || status == 422) {
        failure = "status " + status + " for number " + next;
        ended = true;
      }
      if (status != 200) {
        throw new IOException("status " + status);
      }
    }

    abstract void hear() throws IOException, InterruptedException;

    @Override
    public void run() {
      while (!ended) {
        try {
          hear();
          trouble = "";
        } catch (IOException e) {
          trouble = e.toString();
          LockSupport.parkNanos(Duration.ofMillis(20).toNanos()); // the node is not there now
        } catch (InterruptedException e) {
          return;
        } catch (AssertionError | RuntimeException e) {
          failure = e.toString();
          ended = true;
        }
      }
    }
  }

  private static final class HttpHearer extends Hearer {
    HttpHearer(String url) {
      super(url);
    }

    @Override
    void hear() throws IOException, InterruptedException {
      HttpResponse<InputStream> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/audio?follow=true&from=" + next)).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      check(response.statusCode());
      try (InputStream in = response.body()) {
        Listener.listen(
            in,
            (record, _) -> {
              apply(record);
              if (ended) {
                throw new Ended();
              }
            });
      } catch (Ended e) {
        // It heard all.
      }
    }

    private static final class Ended extends RuntimeException {
      private static final long serialVersionUID = 1;
    }
  }

  /// Goes away again and again, and comes back with a number that it has long had.
  private static final class FickleHearer extends Hearer {
    private final Random random = new Random(SEED);
    private long came;
    private boolean fromThere;

    FickleHearer(String url) {
      super(url);
    }

    @Override
    void hear() throws IOException, InterruptedException {
      long from = fromThere ? next : Math.max(1, next - random.nextInt(500));
      HttpResponse<InputStream> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/audio?follow=true&from=" + from)).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      fromThere = response.statusCode() == 410; // that part of the history is gone, as it must be
      if (fromThere) {
        response.body().close();
        return;
      }
      check(response.statusCode());
      came++;
      int[] left = {1 + random.nextInt(2000)};
      try (InputStream in = response.body()) {
        Listener.listen(
            in,
            (record, _) -> {
              apply(record);
              if (--left[0] == 0 || ended) {
                throw new Left();
              }
            });
      } catch (Left e) {
        // It has gone.
      }
    }

    private static final class Left extends RuntimeException {
      private static final long serialVersionUID = 1;
    }
  }

  private static final class HlsHearer extends Hearer {
    private static final long SEGMENTS_START =
        java.time.Instant.parse("2020-01-01T00:00:00Z").toEpochMilli();

    private volatile long heardMillis;
    private long heardLive;
    private long joined;
    private long leftOut;
    private long unexplained;

    HlsHearer(String url) {
      super(url);
    }

    private byte[] get(String path) throws IOException, InterruptedException {
      HttpResponse<byte[]> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/hls/" + path))
                  .timeout(Duration.ofSeconds(20))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException("status " + response.statusCode() + " for " + path);
      }
      return response.body();
    }

    private Playlist playlist(String query) throws IOException, InterruptedException {
      return Playlist.read(
          new String(get("live.m3u8" + query), java.nio.charset.StandardCharsets.UTF_8));
    }

    /// Follows the playlist as long as it can.
    @Override
    void hear() throws IOException, InterruptedException {
      Playlist playlist = playlist("");
      HeardRecords heard = new HeardRecords(SoundFormat.FLOAT32);
      long segment = playlist.end() - 2;
      long expected = -1; // the number that the list has next, once it had one
      Map<Long, Long> skipped = new HashMap<>(); // up to which number, by the first one
      joined++;
      catchUp();
      while (!ended) {
        if (segment < playlist.sequence()) {
          return; // too slow for it
        }
        for (Playlist.Segment each : playlist.segments()) {
          if (each.number() == segment) {
            heard.hear(get(each.uri()));
            segment++;
            heardMillis = SEGMENTS_START + segment * 1000;
          }
        }
        for (Map<String, String> range : playlist.dateRanges()) {
          if ("io.sonidb.skipped".equals(range.get("CLASS"))) {
            skipped.put(number(range, "X-FIRST-SEQUENCE"), number(range, "X-LAST-SEQUENCE"));
          }
        }
        for (SoundRecord record : heard.records()) {
          if (expected >= 0 && record.sequence() != expected) {
            leftOut += record.sequence() - expected;
            unexplained += skipped.getOrDefault(expected, -1L) == record.sequence() - 1 ? 0 : 1;
          }
          expected = behind(record);
          if (record.sequence() > next) {
            catchUp(); // there was no time for what is before it
          }
          heardLive += record.sequence() >= next ? 1 : 0;
          apply(record);
        }
        heard.records().clear();
        Playlist later = playlist("?_HLS_msn=" + segment);
        later.follows(playlist);
        playlist = later;
      }
    }
  }

  private static long number(Map<String, String> range, String name) {
    return Long.parseLong(Objects.requireNonNull(range.get(name)));
  }

  private void run(Duration duration) throws Exception {
    long began = System.nanoTime();
    PacedClock clock = new PacedClock();
    Random random = new Random(SEED);
    Path data = folder.resolve("data");
    TestNode node = TestNode.start(data, Map.of(), clock);
    Map<String, String> samePort = Map.of("http.port", String.valueOf(node.uri().getPort()));
    node.put(
            "/collections/songs",
            "{'vectors': {'size': 48, 'distance': 'Dot'},"
                + " 'sonidb': {'durability': 'os', 'segment_bytes': 1048576}}")
        .result();
    String url = node.uri() + "/collections/songs";
    HlsHearer hls = new HlsHearer(url);
    FickleHearer fickle = new FickleHearer(url);
    List<Hearer> hearers = List.of(new HttpHearer(url), fickle, hls);
    List<Thread> threads = new ArrayList<>();
    hearers.forEach(hearer -> threads.add(Thread.startVirtualThread(hearer)));
    Map<VectorId, Long> written = new HashMap<>();
    long vectors = 0;
    long sealed = 0;
    int stretches = Math.max(4, (int) (duration.toMinutes() / 90));
    try {
      for (int stretch = 1; stretch <= stretches; stretch++) {
        Duration until = duration.multipliedBy(stretch).dividedBy(stretches);
        // Once the list was joined again: a few, then more than there is time for.
        for (int count : new int[] {5, BURST}) {
          for (int steps = 0; steps < 20; steps++) {
            clock.step(hls);
          }
          vectors += write(node, written, vectors, count, random);
        }
        while (clock.passed().compareTo(until) < 0) {
          // Mostly a few, sometimes many.
          int count = random.nextInt(12) == 0 ? 400 : 1 + random.nextInt(5);
          vectors += write(node, written, vectors, count, random);
          for (int steps = random.nextInt(80); steps > 0; steps--) {
            clock.step(hls);
          }
        }
        if (stretches > 4) {
          System.out.printf("%s passed, %d vectors%n", clock.passed(), vectors);
        }
        node.post("/collections/songs/index", "{}").result();
        sealed += node.get("/collections/songs/segments").result().get("segments").size();
        // Who listens must have heard the deletes that compaction drops.
        awaitAll(hearers, node, clock);
        node.post("/collections/songs/compact", "{'purge': " + (stretch % 2 == 0) + "}").result();
        vectors += write(node, written, vectors, 50, random);
        node.close();
        node = TestNode.start(data, samePort, clock);
      }
      node.put(
              "/collections/songs/points",
              "{'points': [{'id': '" + END + "', 'vector': " + zeros() + "}]}")
          .result();
      awaitAll(hearers, node, clock);
    } finally {
      node.close();
      threads.forEach(Thread::interrupt);
    }
    System.out.printf(
        "%s of live sound in %s: %d vectors, %d restarts and compactions, %d segments before them;"
            + " the list joined %d times, %d records from it, %d left out;"
            + " the fickle one came %d times; seed %d%n",
        clock.passed(),
        Duration.ofNanos(System.nanoTime() - began)
            .truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
        vectors,
        stretches,
        sealed,
        hls.joined,
        hls.heardLive,
        hls.leftOut,
        fickle.came,
        SEED);
    for (Hearer hearer : hearers) {
      String name = hearer.getClass().getSimpleName() + ", seed " + SEED;
      assertThat(hearer.failure).as(name).isEmpty();
      assertThat(hearer.ended).as(name + " has heard the end, not only " + hearer.next).isTrue();
      assertThat(hearer.state).as(name).isEqualTo(written);
      assertThat(hearer.versions.cardinality()).as(name).isEqualTo((int) vectors);
    }
    assertThat(hls.unexplained).as("gaps of the list that it did not state").isZero();
    assertThat(hls.leftOut).as("records that the list had no time for").isPositive();
    assertThat(hls.heardLive).as("records that the list had").isPositive();
  }

  private static String zeros() {
    return java.util.Collections.nCopies(DIMENSION, "0").toString();
  }

  private static void awaitAll(List<Hearer> hearers, TestNode node, PacedClock clock) {
    long last = node.get("/collections/songs").result().at("/sonidb/last_sequence").asLong(-1);
    assertThat(last).isPositive();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    for (Hearer hearer : hearers) {
      while (hearer.next <= last && !hearer.ended) {
        assertThat(System.nanoTime())
            .as(
                "%s hears all of %d in a minute, not only %d; %s; seed %d",
                hearer.getClass().getSimpleName(), last, hearer.next, hearer.trouble, SEED)
            .isLessThan(end);
        clock.step((HlsHearer) hearers.getLast());
      }
    }
  }

  /// Writes vectors and deletes one, now and then.
  ///
  /// @return how many vectors
  private static int write(
      TestNode node, Map<VectorId, Long> written, long first, int count, Random random) {
    StringBuilder body = new StringBuilder("{\"points\": [");
    for (int i = 0; i < count; i++) {
      VectorId id = VectorId.of((first + i) * 7 % IDS);
      long version = first + i + 1;
      Vector vector = vector(id, version);
      body.append(i == 0 ? "" : ",").append("{\"id\": ").append(id).append(", \"vector\": [");
      for (int k = 0; k < DIMENSION; k++) {
        body.append(k == 0 ? "" : ",").append((float) vector.doubleAt(k));
      }
      body.append("], \"payload\": {\"version\": ").append(version).append("}}");
      written.put(id, version);
    }
    node.put("/collections/songs/points", body.append("]}").toString()).result();
    if (random.nextInt(4) == 0) {
      VectorId id = VectorId.of(random.nextInt(IDS));
      node.post("/collections/songs/points/delete", "{'points': [" + id + "]}").result();
      written.remove(id);
    }
    return count;
  }
}
