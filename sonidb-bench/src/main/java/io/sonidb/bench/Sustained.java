package io.sonidb.bench;

import com.sun.management.OperatingSystemMXBean;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Indexing;
import io.sonidb.IntegrityReport;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Writes vectors for a while as fast as they are taken, sealing included, and prints what it came
/// to, second by second and thread by thread; then what a scan, `get` and deep verification take.
///
/// Of each thread's time the second figure is the kernel's.
///
/// Arguments: a folder that does not exist, seconds (60), dimension (768), durability (`os`),
/// callers (2). With `fsync` it has the program `dd` write zeros to the same folder, before and
/// after, and compares.
final class Sustained {
  /// Graphs are another measurement.
  static final SoniDbOptions WITHOUT_INDEX =
      SoniDbOptions.DEFAULT.indexing(new Indexing(false, Integer.MAX_VALUE, 0));

  private static final int BATCH = 1000;
  private static final int POOL = 1 << 14;
  private static final int GETS = 50_000;
  private static final int SCANS = 5;
  private static final int DD_MEBIBYTES = 4096;
  private static final double WARM_UP_SECONDS = 8;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final Vector[] pool = new Vector[POOL];
  private final AtomicLong callerNanos = new AtomicLong();
  private final AtomicLong callerUserNanos = new AtomicLong();
  private final int cores = Runtime.getRuntime().availableProcessors();

  private Sustained(int dimension) {
    UnitVectors vectors = new UnitVectors(dimension);
    Arrays.setAll(pool, _ -> Vector.of(vectors.next()));
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException, InterruptedException {
    if (args.length < 1) {
      System.err.println("usage: Sustained FOLDER [SECONDS] [DIMENSION] [fsync|os] [CALLERS]");
      System.exit(2);
    }
    int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 60;
    int dimension = args.length > 2 ? Integer.parseInt(args[2]) : 768;
    Durability durability =
        args.length > 3 ? Durability.valueOf(args[3].toUpperCase(Locale.ROOT)) : Durability.OS;
    int callers = args.length > 4 ? Integer.parseInt(args[4]) : 2;
    CollectionSpec spec = CollectionSpec.dimension(dimension).durability(durability);
    new Sustained(dimension).run(Path.of(args[0]), seconds, spec, callers);
  }

  private void run(Path folder, int seconds, CollectionSpec spec, int callers)
      throws IOException, InterruptedException {
    Files.createDirectory(folder);
    try (SoniDb database = SoniDb.open(folder.resolve("data"), WITHOUT_INDEX)) {
      Collection first = database.create("warm-up", spec);
      ingest(first, WARM_UP_SECONDS, callers);
      first.buildIndex();
      first.scan((_, _) -> {});
      database.drop("warm-up");
      boolean syncs = spec.durability() == Durability.FSYNC;
      double before = syncs ? ddBytesPerSecond(folder) : 0;
      Collection songs = database.create("songs", spec);
      Ingest ingest = measure(songs, seconds, callers);
      if (syncs) {
        double after = ddBytesPerSecond(folder);
        print("dd conv=fdatasync before and after, MB/s", before / 1e6, after / 1e6);
        print("ingest, frames written, of that", ingest.bytesPerSecond() / ((before + after) / 2));
      }
      read(songs, ingest.vectors());
    }
  }

  /// @param perSecond vectors acknowledged in each whole second, the slowest first
  private record Acknowledged(long vectors, double seconds, List<Long> perSecond) {
    double median() {
      return perSecond.get(perSecond.size() / 2);
    }
  }

  private record Ingest(long vectors, double bytesPerSecond) {}

  private Ingest measure(Collection songs, int seconds, int callers) throws InterruptedException {
    Map<String, Nanos> threadsBefore = threadNanos();
    callerNanos.set(0);
    callerUserNanos.set(0);
    long cpuBefore = processNanos();
    Acknowledged progress = ingest(songs, seconds, callers);
    long start = System.nanoTime();
    songs.buildIndex();
    double sealing = (System.nanoTime() - start) / 1e9;
    long cpu = processNanos() - cpuBefore;
    CollectionStats stats = songs.stats();
    double all = progress.seconds() + sealing;
    double rate = progress.vectors() / all;
    print("vectors", (double) progress.vectors());
    print("vectors/s, sealing included", rate);
    print("vectors/s, until the last acknowledgement", progress.vectors() / progress.seconds());
    print("vectors/s, median second", progress.median());
    print(
        "vectors/s, slowest and fastest second",
        (double) progress.perSecond().getFirst(),
        (double) progress.perSecond().getLast());
    print("sealing what was left, s", sealing);
    print("bytes of frames a vector", stats.bytesPerVector());
    print("MB/s of frames", stats.bytesPerVector() * rate / 1e6);
    print("CPU seconds", cpu / 1e9);
    print("cores busy", cpu / 1e9 / all);
    print("CPU a vector, us", cpu / 1e3 / progress.vectors());
    print(
        "  callers, us a vector",
        callerNanos.get() / 1e3 / progress.vectors(),
        (callerNanos.get() - callerUserNanos.get()) / 1e3 / progress.vectors());
    for (Map.Entry<String, Nanos> thread : threadNanos().entrySet()) {
      Nanos before = threadsBefore.getOrDefault(thread.getKey(), Nanos.NONE);
      long nanos = thread.getValue().all() - before.all();
      long user = thread.getValue().user() - before.user();
      if (nanos > cpu / 1000) {
        print(
            "  " + thread.getKey() + ", us a vector",
            nanos / 1e3 / progress.vectors(),
            (nanos - user) / 1e3 / progress.vectors());
      }
    }
    return new Ingest(progress.vectors(), stats.bytesPerVector() * rate);
  }

  /// Several callers insert batches until the time is up.
  private Acknowledged ingest(Collection songs, double seconds, int callers)
      throws InterruptedException {
    AtomicLong next = new AtomicLong();
    AtomicLong done = new AtomicLong();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    List<CompletableFuture<Void>> running = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      CompletableFuture<Void> caller = new CompletableFuture<>();
      running.add(caller);
      Thread.ofPlatform()
          .daemon()
          .name("caller-" + i)
          .start(() -> {
            try {
              while (System.nanoTime() - end < 0) {
                songs.upsert(batch(next.getAndAdd(BATCH)));
                done.addAndGet(BATCH);
              }
              callerNanos.addAndGet(THREADS.getCurrentThreadCpuTime());
              callerUserNanos.addAndGet(THREADS.getCurrentThreadUserTime());
              caller.complete(null);
            } catch (RuntimeException | Error e) {
              caller.completeExceptionally(e);
            }
          });
    }
    long[] perSecond = watch(done, start, (int) seconds);
    running.forEach(CompletableFuture::join);
    return new Acknowledged(
        done.get(),
        (System.nanoTime() - start) / 1e9,
        Arrays.stream(perSecond).sorted().boxed().toList());
  }

  private static long[] watch(AtomicLong done, long start, int seconds)
      throws InterruptedException {
    long[] perSecond = new long[seconds];
    long last = 0;
    for (int i = 0; i < seconds; i++) {
      TimeUnit.NANOSECONDS.sleep(start + (i + 1) * 1_000_000_000L - System.nanoTime());
      long now = done.get();
      perSecond[i] = now - last;
      last = now;
    }
    return perSecond;
  }

  private List<Point> batch(long from) {
    List<Point> batch = new ArrayList<>(BATCH);
    for (int i = 0; i < BATCH; i++) {
      batch.add(Point.of(VectorId.of(from + i), pool[(int) (from + i) & POOL - 1]));
    }
    return batch;
  }

  private void read(Collection songs, long vectors) {
    double[] rates = new double[SCANS];
    for (int i = 0; i < SCANS; i++) {
      long start = System.nanoTime();
      long found = songs.scan((_, _) -> {});
      rates[i] = found * 1e9 / (System.nanoTime() - start) / cores;
      if (found != vectors) {
        throw new IllegalStateException("scanned " + found + " vectors of " + vectors);
      }
    }
    Arrays.sort(rates);
    print("scan, vectors/s a core, median and best", rates[SCANS / 2], rates[SCANS - 1]);
    gets(songs, vectors);
    IntegrityReport verified = songs.verifyIntegrity(true, Progress.NONE);
    if (!verified.ok()) {
      throw new IllegalStateException(verified.damaged().getFirst().toString());
    }
    print("deep verify, MB/s a core", verified.bytes() / 1e6 / verified.seconds() / cores);
  }

  private void gets(Collection songs, long vectors) {
    SplittableRandom random = new SplittableRandom(3);
    long[] nanos = new long[GETS];
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < GETS; i++) {
        long id = random.nextLong(vectors);
        long start = System.nanoTime();
        Vector vector = songs.get(VectorId.of(id)).orElseThrow().vector();
        nanos[i] = System.nanoTime() - start;
        if (!vector.equals(pool[(int) id & POOL - 1])) {
          throw new IllegalStateException("vector " + id + " came back with other bits");
        }
      }
    }
    Arrays.sort(nanos);
    print("get, us, median and 99 of 100", nanos[GETS / 2] / 1e3, nanos[GETS / 100 * 99] / 1e3);
  }

  /// What `dd` says of itself is rounded, so its time is taken here, its start included.
  private static double ddBytesPerSecond(Path folder) throws InterruptedException {
    Path file = folder.resolve("dd");
    try {
      long start = System.nanoTime();
      int exit =
          new ProcessBuilder(
                  "dd",
                  "if=/dev/zero",
                  "of=" + file,
                  "bs=1M",
                  "count=" + DD_MEBIBYTES,
                  "conv=fdatasync")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor();
      double seconds = (System.nanoTime() - start) / 1e9;
      Files.delete(file);
      if (exit != 0) {
        throw new IllegalStateException("dd ended with " + exit);
      }
      return DD_MEBIBYTES * (double) (1 << 20) / seconds;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long processNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  /// CPU time of threads.
  ///
  /// @param all with the kernel's
  /// @param user without
  private record Nanos(long all, long user) {
    static final Nanos NONE = new Nanos(0, 0);

    Nanos plus(Nanos other) {
      return new Nanos(all + other.all, user + other.user);
    }
  }

  /// CPU time by name, without numbers, of the threads that live.
  private static Map<String, Nanos> threadNanos() {
    Map<String, Nanos> nanos = new TreeMap<>();
    for (long id : THREADS.getAllThreadIds()) {
      ThreadInfo info = THREADS.getThreadInfo(id);
      if (info != null) {
        String name = info.getThreadName().replaceAll("[0-9]+", "N");
        nanos.merge(
            name,
            new Nanos(THREADS.getThreadCpuTime(id), THREADS.getThreadUserTime(id)),
            Nanos::plus);
      }
    }
    return nanos;
  }

  private static void print(String what, double... values) {
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-48s", what));
    for (double value : values) {
      line.append(String.format(Locale.ROOT, value >= 1000 ? " %,.0f" : " %.2f", value));
    }
    System.out.println(line);
  }
}
