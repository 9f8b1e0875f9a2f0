package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SnapshotReport;
import io.sonidb.SoniDb;
import io.sonidb.Subscription;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Rewrites every vector of a collection again and again, and prints what that does to the rate of
/// writing, to `get`, to the space on disk and to opening; then what an incremental snapshot and a
/// live subscriber cost.
///
/// Arguments: a folder that does not exist, number of vectors (1,000,000), dimension (128), rounds
/// (10), durability (`os`). The ids of a batch are spread over the whole collection, so that every
/// segment loses records evenly, which is the hardest case for compaction.
final class Updates {
  private static final int BATCH = 1000;
  private static final long GET_EVERY_NANOS = 200_000;

  private final int vectors;
  private final int dimension;
  private final SplittableRandom random = new SplittableRandom(1);
  private final Vector[] pool = new Vector[4096];

  private Updates(int vectors, int dimension) {
    this.vectors = vectors;
    this.dimension = dimension;
    Arrays.setAll(pool, i -> Vector.of(gaussian()));
  }

  private float[] gaussian() {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      double u = random.nextDouble(Double.MIN_NORMAL, 1);
      vector[i] =
          (float) (Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random.nextDouble()) * 0.1);
    }
    return vector;
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException, InterruptedException {
    if (args.length < 1) {
      System.err.println("usage: Updates FOLDER [VECTORS] [DIMENSION] [ROUNDS] [fsync|os]");
      System.exit(2);
    }
    int vectors = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
    int dimension = args.length > 2 ? Integer.parseInt(args[2]) : 128;
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 10;
    Durability durability =
        args.length > 4 ? Durability.valueOf(args[4].toUpperCase(Locale.ROOT)) : Durability.OS;
    new Updates(vectors, dimension).run(Path.of(args[0]), rounds, durability);
  }

  private void run(Path folder, int rounds, Durability durability)
      throws IOException, InterruptedException {
    Path data = folder.resolve("data");
    CollectionSpec spec = CollectionSpec.dimension(dimension).durability(durability);
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", spec);
      Gets quiet = new Gets(songs);
      double append = insert(songs, vectors, false, quiet);
      songs.buildIndex();
      print("append-only ingest, vectors/s", append);
      quiet.print("get while appending");
      idleGets(songs).print("get, idle");
      print("disk bytes when every vector was written once", songs.stats().diskBytes());
    }
    long live = 0;
    try (SoniDb db = SoniDb.open(data)) { // the directory checkpoint counts on both sides
      live = db.collection("songs").stats().diskBytes();
      print("the same after closing (live)", live);
      Collection songs = db.collection("songs");
      Gets busy = new Gets(songs);
      double update = insert(songs, (long) vectors * rounds, true, busy);
      print("update ingest, vectors/s", update);
      busy.print("get while updating and compacting");
      print("space amplification right after", songs.stats().spaceAmplification());
      awaitRest(songs);
      CollectionStats stats = songs.stats();
      print("space amplification at rest", stats.spaceAmplification());
      print("segments", stats.segments());
    }
    long start = System.nanoTime();
    try (SoniDb db = SoniDb.open(data)) {
      print("open, s", (System.nanoTime() - start) / 1e9);
      Collection songs = db.collection("songs");
      long disk = songs.stats().diskBytes();
      print("disk bytes at rest", disk);
      print("disk at rest / live", (double) disk / live);
      snapshots(songs, folder.resolve("snapshot"));
      subscribe(songs);
      manySubscribers(songs);
    }
  }

  /// Writes vectors and returns how many a second.
  private double insert(Collection songs, long count, boolean spread, Gets gets)
      throws InterruptedException {
    Thread reader = Thread.ofPlatform().daemon().start(gets);
    long start = System.nanoTime();
    long stride = spread ? coprimeStride() : 1;
    long at = 0;
    for (long done = 0; done < count; done += BATCH) {
      List<Point> batch = new ArrayList<>(BATCH);
      for (int i = 0; i < BATCH; i++) {
        at = (at + stride) % vectors;
        batch.add(Point.of(VectorId.of(at), pool[random.nextInt(pool.length)]));
      }
      songs.upsert(batch);
      gets.written = Math.min(vectors, Math.max(gets.written, spread ? vectors : done + BATCH));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    gets.stop = true;
    reader.join();
    return count / seconds;
  }

  // A step that comes to every id once a round, far from the last one.
  private long coprimeStride() {
    long stride = (long) (vectors * 0.6180339887);
    while (gcd(stride, vectors) != 1) {
      stride++;
    }
    return stride;
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  private Gets idleGets(Collection songs) throws InterruptedException {
    Gets gets = new Gets(songs);
    gets.written = vectors;
    Thread reader = Thread.ofPlatform().daemon().start(gets);
    TimeUnit.SECONDS.sleep(3);
    gets.stop = true;
    reader.join();
    return gets;
  }

  /// Compaction is at rest when it has changed nothing for three seconds.
  private static void awaitRest(Collection songs) throws InterruptedException {
    double last = -1;
    int still = 0;
    while (still < 6) {
      TimeUnit.MILLISECONDS.sleep(500);
      double now = songs.stats().spaceAmplification();
      still = now == last ? still + 1 : 0;
      last = now;
    }
  }

  private static void snapshots(Collection songs, Path folder) {
    SnapshotReport first = songs.snapshot(folder, Progress.NONE);
    print("first snapshot, s", first.seconds());
    print("its bytes", first.bytes());
    SnapshotReport second = songs.snapshot(folder, Progress.NONE);
    print("second snapshot with nothing new, s", second.seconds());
  }

  /// How long after a write has returned a live subscriber has it, negative if before.
  private void subscribe(Collection songs) throws InterruptedException {
    int count = 2000;
    LinkedBlockingQueue<Long> heard = new LinkedBlockingQueue<>();
    long[] afterCall = new long[count];
    long[] afterReturn = new long[count];
    try (Subscription changes = songs.subscribe(songs.lastSequence() + 1)) {
      Thread listener =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  for (int i = 0; i < count; i++) {
                    if (changes.next(Duration.ofSeconds(10)).isPresent()) {
                      heard.add(System.nanoTime());
                    }
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      for (int i = 0; i < count; i++) {
        long called = System.nanoTime();
        songs.upsert(List.of(Point.of(VectorId.of(i), pool[i % pool.length])));
        long returned = System.nanoTime();
        long at = heard.take();
        afterCall[i] = at - called;
        afterReturn[i] = at - returned;
      }
      listener.join();
    }
    printMicros("subscriber hears after the call", afterCall, count);
    printMicros("subscriber hears after the return", afterReturn, count);
  }

  /// What subscribers at different places of the history take in the heap.
  private static void manySubscribers(Collection songs) throws InterruptedException {
    int count = 1000;
    long last = songs.lastSequence();
    List<Subscription> all = new ArrayList<>(count);
    long before = heapBytes();
    for (int i = 0; i < count; i++) {
      Subscription changes = songs.subscribe(1 + last * i / count);
      all.add(changes);
      if (changes.next(Duration.ZERO).isEmpty()) {
        throw new IllegalStateException("subscriber " + i + " hears nothing");
      }
    }
    print("heap of a subscriber, bytes", (double) (heapBytes() - before) / count);
    all.forEach(Subscription::close);
  }

  private static long heapBytes() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void print(String what, long value) {
    System.out.printf(Locale.ROOT, "%-50s %,d%n", what, value);
  }

  private static void print(String what, double value) {
    System.out.printf(Locale.ROOT, value >= 1000 ? "%-50s %,.0f%n" : "%-50s %.3f%n", what, value);
  }

  private static void printMicros(String what, long[] nanos, int count) {
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    System.out.printf(
        Locale.ROOT,
        "%-50s p50 %.1f us, p99 %.1f us%n",
        what,
        sorted[count / 2] / 1e3,
        sorted[(int) (count * 0.99)] / 1e3);
  }

  /// Reads a random vector now and then.
  private static final class Gets implements Runnable {
    private final Collection songs;
    private volatile long written;
    private volatile boolean stop;
    private long[] nanos = new long[1 << 16];
    private int count;

    Gets(Collection songs) {
      this.songs = songs;
    }

    @Override
    public void run() {
      SplittableRandom ids = new SplittableRandom(2);
      long next = System.nanoTime();
      while (!stop) {
        long there = written;
        if (there > 0) {
          VectorId id = VectorId.of(ids.nextLong(there));
          long start = System.nanoTime();
          if (songs.get(id).isEmpty()) {
            throw new IllegalStateException("vector " + id + " is not there");
          }
          if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, count * 2);
          }
          nanos[count++] = System.nanoTime() - start;
        }
        next += GET_EVERY_NANOS;
        java.util.concurrent.locks.LockSupport.parkNanos(next - System.nanoTime());
      }
    }

    void print(String what) {
      printMicros(what, nanos, count);
    }
  }
}
