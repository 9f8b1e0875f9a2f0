package io.sonidb.bench;

import com.sun.management.OperatingSystemMXBean;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Hit;
import io.sonidb.Indexing;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.SearchResult;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// The search index: what it costs to make, how large it is, what it finds and how fast.
///
/// Arguments: `build` or `query`, a folder, number of vectors, dimension. `build` makes the
/// collection and its index and says what that took; `query` opens it in a fresh process and
/// searches, on one thread, for vectors that are not stored.
final class SearchIndexes {
  private static final int BATCH = 1000;
  private static final int QUERIES = 1000;
  private static final int TRUTHS = 200;
  private static final int K = 10;
  private static final long SEED = 5;
  private static final int[] FAR = {0, 20, 35, 50, 75, 100, 200};

  private final Path folder;
  private final int vectors;
  private final int dimension;
  private final ClusteredVectors generator;
  private final List<Query> queries = new ArrayList<>();

  private SearchIndexes(Path folder, int vectors, int dimension) {
    this.folder = folder;
    this.vectors = vectors;
    this.dimension = dimension;
    this.generator = new ClusteredVectors(dimension, SEED);
    for (int i = 0; i < QUERIES; i++) {
      Query query = Query.nearest(Vector.sharing(generator.next()), K);
      queries.add(query.payload(PayloadSelection.NONE));
    }
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) {
    if (args.length != 4) {
      System.err.println("usage: SearchIndexes build|query FOLDER VECTORS DIMENSION");
      System.exit(2);
    }
    SearchIndexes indexes =
        new SearchIndexes(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
    if ("build".equals(args[0])) {
      indexes.build();
    } else {
      indexes.query();
    }
  }

  private void build() {
    SoniDbOptions byHand = SoniDbOptions.DEFAULT.indexing(Indexing.BY_HAND);
    try (SoniDb db = SoniDb.open(folder, byHand)) {
      Collection songs =
          db.create("songs", CollectionSpec.dimension(dimension).durability(Durability.OS));
      for (int from = 0; from < vectors; from += BATCH) {
        songs.upsert(batch(from, Math.min(vectors, from + BATCH)));
      }
      long start = System.nanoTime();
      double cpu = cpuSeconds();
      songs.buildIndex();
      double seconds = (System.nanoTime() - start) / 1e9;
      cpu = cpuSeconds() - cpu;
      print("seed %d, %,d x %d", SEED, vectors, dimension);
      print(
          "index made in %.1f s, %.1f CPU-s: %,.0f vectors per CPU-second",
          seconds, cpu, vectors / cpu);
      CollectionStats.SearchIndex index = songs.stats().search();
      print(
          "%d parts, %.1f bytes a vector", index.parts(), (double) index.bytes() / index.linked());
    }
  }

  private List<Point> batch(int from, int to) {
    List<Point> batch = new ArrayList<>();
    for (int id = from; id < to; id++) {
      batch.add(Point.of(VectorId.of(id), Vector.sharing(generator.next())));
    }
    return batch;
  }

  private static double cpuSeconds() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime()
        / 1e9;
  }

  private void query() {
    long start = System.nanoTime();
    SoniDbOptions byHand = SoniDbOptions.DEFAULT.indexing(Indexing.BY_HAND);
    try (SoniDb db = SoniDb.open(folder, byHand)) {
      Collection songs = db.collection("songs");
      double open = (System.nanoTime() - start) / 1e6;
      songs.search(queries.getFirst());
      print("open %.0f ms, with the first search %.0f ms", open, (System.nanoTime() - start) / 1e6);
      List<Set<VectorId>> truth = new ArrayList<>();
      List<Query> exact = queries.stream().limit(TRUTHS).map(query -> query.exact(true)).toList();
      songs.search(exact).forEach(result -> truth.add(ids(result)));
      // So long until everything is compiled.
      queries.forEach(songs::search);
      print("  ef  recall@10    p50 ms    p99 ms  searches/s");
      for (int far : FAR) {
        row(songs, far, truth);
      }
      Runtime.getRuntime().gc();
      Runtime runtime = Runtime.getRuntime();
      print("heap in use %,d bytes", runtime.totalMemory() - runtime.freeMemory());
    }
  }

  private void row(Collection songs, int far, List<Set<VectorId>> truth) {
    long[] nanos = new long[QUERIES];
    double right = 0;
    for (int i = 0; i < QUERIES; i++) {
      Query query = queries.get(i).ef(far);
      long start = System.nanoTime();
      SearchResult result = songs.search(query);
      nanos[i] = System.nanoTime() - start;
      if (i < TRUTHS) {
        right += ids(result).stream().filter(truth.get(i)::contains).count();
      }
    }
    double all = Arrays.stream(nanos).sum() / 1e9;
    Arrays.sort(nanos);
    print(
        "%4s  %9.4f  %8.3f  %8.3f  %10.0f",
        far == 0 ? "-" : far,
        right / (TRUTHS * K),
        nanos[QUERIES / 2] / 1e6,
        nanos[QUERIES * 99 / 100] / 1e6,
        QUERIES / all);
  }

  private static Set<VectorId> ids(SearchResult result) {
    Set<VectorId> ids = new HashSet<>();
    result.hits().stream().map(Hit::id).forEach(ids::add);
    return ids;
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
