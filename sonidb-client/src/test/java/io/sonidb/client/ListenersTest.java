package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Change;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.StreamOptions;
import io.sonidb.server.Node;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two hundred listeners, of whom half read slowly or vanish and come again, while vectors are
/// written, replaced and deleted, segments sealed and compacted, and the node is started again.
class ListenersTest {
  private static final int LISTENERS = 200;
  private static final int DIMENSION = 16;
  private static final int IDS = 200;
  private static final int BATCH = 20;
  private static final int OLD_BATCHES = 120;
  private static final int PAYLOAD_CHARACTERS = 1200;
  private static final String END = "end";
  private static final long SEED = Long.getLong("sonidb.seed", new Random().nextLong());
  // What a listener leaves behind, if anything, would be there for each of the records.
  private static final long GROWTH_BYTES = 48L << 20;

  @TempDir Path folder;

  @Test
  void loseNothingForAWhile() throws Exception {
    run(Duration.ofSeconds(Integer.getInteger("sonidb.load.seconds", 8)));
  }

  @Test
  @Tag("slow")
  void loseNothingForHalfAnHour() throws Exception {
    run(Duration.ofMinutes(30));
  }

  private enum Manner {
    STEADY,
    SLOW,
    VANISHING
  }

  /// What a vector of that version is.
  private static Vector vector(VectorId id, long version) {
    Random random = new Random(id.fingerprint() ^ version);
    float[] vector = new float[DIMENSION];
    for (int k = 0; k < DIMENSION; k++) {
      vector[k] = (float) random.nextGaussian();
    }
    return Vector.of(vector);
  }

  /// Applies what it hears.
  private static final class Hearer implements Flow.Subscriber<Change> {
    private final RemoteCollection songs;
    private final Manner manner;
    private final Random random;
    private final Map<VectorId, Long> state = new HashMap<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile String failure = "";
    private Optional<Flow.Subscription> subscription = Optional.empty();
    private long last;
    private int left;

    Hearer(RemoteCollection songs, Manner manner, long seed) {
      this.songs = songs;
      this.manner = manner;
      this.random = new Random(seed);
    }

    void begin() {
      songs.records(last + 1, StreamOptions.ALL).subscribe(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription made) {
      subscription = Optional.of(made);
      left = 20 + random.nextInt(200);
      made.request(manner == Manner.STEADY ? Long.MAX_VALUE : left);
    }

    @Override
    public void onNext(Change change) {
      if (change.sequence() <= last) {
        failure = "number " + change.sequence() + " came after " + last;
      }
      last = change.sequence();
      switch (change) {
        case Change.Upserted(Point point) -> {
          if (point.id().equals(VectorId.parse(END))) {
            subscription.orElseThrow().cancel();
            ended.countDown();
            return;
          }
          long version = version(point.payload());
          if (!point.vector().equals(vector(point.id(), version))) {
            failure = "vector " + point.id() + " of version " + version + " is another one";
          }
          state.put(point.id(), version);
        }
        case Change.Deleted(VectorId id, long _) -> state.remove(id);
        default -> failure = "nobody did that: " + change;
      }
      left--;
      if (manner != Manner.STEADY && left == 0) {
        if (manner == Manner.VANISHING) {
          subscription.orElseThrow().cancel();
          begin();
        } else {
          LockSupport.parkNanos(Duration.ofMillis(random.nextInt(1500)).toNanos());
          left = 20 + random.nextInt(200);
          subscription.orElseThrow().request(left);
        }
      }
    }

    @Override
    public void onError(Throwable why) {
      failure = why.toString();
      ended.countDown();
    }

    @Override
    public void onComplete() {
      failure = "it ended";
      ended.countDown();
    }
  }

  private static long version(Payload payload) {
    return ((Number) Objects.requireNonNull(payload.toMap().get("version"))).longValue();
  }

  private void run(Duration duration) throws Exception {
    Map<String, String> settings = Map.of("http.stall_seconds", "1", "http.idle_seconds", "2");
    Node node = TestNodes.start(folder.resolve("data"), settings);
    Map<String, String> samePort = new HashMap<>(settings);
    samePort.put("http.port", String.valueOf(node.uri().getPort()));
    Map<VectorId, Long> written = new HashMap<>();
    List<Hearer> hearers = new ArrayList<>();
    long growth;
    try (SoniDbClient client = SoniDbClient.of(ClientOptions.of(node.uri()).attempts(20))) {
      RemoteCollection songs =
          client.create(
              "songs",
              CollectionSpec.dimension(DIMENSION)
                  .metric(io.sonidb.Metric.DOT)
                  .durability(Durability.OS)
                  .segmentBytes(1 << 20));
      Random random = new Random(SEED);
      long version = 1;
      while (version <= OLD_BATCHES) { // some history, most of it superseded
        write(songs, written, version++, random);
      }
      for (int i = 0; i < LISTENERS; i++) {
        Manner manner = i % 2 == 0 ? Manner.STEADY : i % 4 == 1 ? Manner.SLOW : Manner.VANISHING;
        Hearer hearer = new Hearer(songs, manner, SEED + i);
        hearers.add(hearer);
        hearer.begin();
      }
      long start = System.nanoTime();
      long used = 0;
      boolean wasRestarted = false;
      for (; System.nanoTime() - start < duration.toNanos(); version++) {
        write(songs, written, version, random);
        long elapsed = System.nanoTime() - start;
        if (!wasRestarted && elapsed > duration.toNanos() / 3) {
          wasRestarted = true;
          node.close();
          compact();
          node = TestNodes.start(folder.resolve("data"), samePort);
          used = usedBytes();
        }
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
      songs.upsert(List.of(Point.of(END, new float[DIMENSION])));
      for (Hearer hearer : hearers) {
        assertThat(hearer.ended.await(60, TimeUnit.SECONDS))
            .as("%s listener at %s of seed %s %s", hearer.manner, hearer.last, SEED, hearer.failure)
            .isTrue();
      }
      growth = usedBytes() - used;
    } finally {
      node.close();
    }
    for (Hearer hearer : hearers) {
      assertThat(hearer.failure).as("%s listener, seed %s", hearer.manner, SEED).isEmpty();
      assertThat(hearer.state).as("%s listener, seed %s", hearer.manner, SEED).isEqualTo(written);
    }
    assertThat(growth).as("bytes of heap").isLessThan(GROWTH_BYTES);
  }

  /// So that some come back to a history that is shorter by then.
  private void compact() {
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      Collection songs = db.collection("songs");
      songs.compact(false, Progress.NONE);
      assertThat(songs.stats().completeFrom()).as("was compacted").isGreaterThan(1);
    }
  }

  private static void write(
      RemoteCollection songs, Map<VectorId, Long> written, long version, Random random) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      VectorId id = VectorId.of((version * BATCH + i) * 7 % IDS);
      StringBuilder text = new StringBuilder();
      while (text.length() < PAYLOAD_CHARACTERS) {
        text.append(Long.toString(random.nextLong(), 36));
      }
      points.add(
          Point.of(
              id,
              vector(id, version),
              Payload.ofJson("{\"version\": " + version + ", \"text\": \"" + text + "\"}")));
      written.put(id, version);
    }
    songs.upsert(points);
    if (version % 5 == 0) {
      VectorId id = VectorId.of(random.nextInt(IDS));
      songs.delete(List.of(id));
      written.remove(id);
    }
  }

  private static long usedBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }
}
