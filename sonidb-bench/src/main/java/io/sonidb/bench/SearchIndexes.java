package io.sonidb.bench;

import com.sun.management.OperatingSystemMXBean;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Hit;
import io.sonidb.Indexing;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.SearchResult;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/// The search index: what it costs to make, how large it is, what it finds and how fast.
///
/// Arguments: what to do, a folder, number of vectors, dimension. All searches are on one thread,
/// for vectors that are not stored.
///
/// - `build` makes the collection and its index.
/// - `query` searches, as far as several values of `ef` go.
/// - `filters` searches among 0.1, 1, 10, 20 and 50 % of the vectors: chosen at random, and by
///   their side of a plane, so that some queries are far from all of them.
/// - `deletes` deletes half of the vectors at random, inserts them again, and compares the recall.
///   It changes the collection.
/// - `beside` makes a collection while others search in it, indexed by itself behind the writers.
/// - `backlog` makes a collection without an index, and searches in it when a tenth of it is there,
///   when all of it is, and when all has codes and a graph.
final class SearchIndexes {
  private static final int BATCH = 1000;
  private static final int QUERIES = 1000;
  private static final int WARM_UP = 15;
  private static final int TRUTHS = 200;
  private static final int K = 10;
  private static final long SEED = 5;
  private static final int[] FAR = {0, 20, 35, 50, 75, 100, 200};

  private final Path folder;
  private final int vectors;
  private final int dimension;
  private final ClusteredVectors generator;
  private final List<Query> queries = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final double[] direction;
  private final double[] along;

  private SearchIndexes(Path folder, int vectors, int dimension) {
    this.folder = folder;
    this.vectors = vectors;
    this.dimension = dimension;
    this.generator = new ClusteredVectors(dimension, SEED);
    for (int i = 0; i < QUERIES; i++) {
      Query query = Query.nearest(Vector.sharing(generator.next()), K);
      queries.add(query.payload(PayloadSelection.NONE));
    }
    this.direction = random.doubles(dimension, -1, 1).toArray();
    this.along = IntStream.range(0, 10_000).mapToDouble(_ -> along(generator.next())).toArray();
    Arrays.sort(along);
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) {
    if (args.length != 4) {
      System.err.println(
          "usage: SearchIndexes build|query|filters|deletes|beside|backlog FOLDER VECTORS DIMENSION");
      System.exit(2);
    }
    SearchIndexes indexes =
        new SearchIndexes(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
    switch (args[0]) {
      case "build" -> indexes.build();
      case "query" -> indexes.query();
      case "filters" -> indexes.filters();
      case "deletes" -> indexes.deletes();
      case "beside" -> indexes.beside();
      case "backlog" -> indexes.backlog();
      default -> System.err.println("nothing is called " + args[0]);
    }
  }

  private void build() {
    try (SoniDb db = SoniDb.open(folder, byHand())) {
      Collection songs = create(db);
      for (int from = 0; from < vectors; from += BATCH) {
        songs.upsert(batch(from, Math.min(vectors, from + BATCH)));
      }
      long start = System.nanoTime();
      double cpu = cpuSeconds();
      songs.buildIndex();
      double seconds = (System.nanoTime() - start) / 1e9;
      cpu = cpuSeconds() - cpu;
      print("seed %d, %,d x %d".formatted(SEED, vectors, dimension));
      print(
          "index made in %.1f s, %.1f CPU-s: %,.0f vectors per CPU-second"
              .formatted(seconds, cpu, vectors / cpu));
      CollectionStats.SearchIndex index = songs.stats().search();
      print(
          "%d parts, %.1f bytes a vector"
              .formatted(index.parts(), (double) index.bytes() / index.linked()));
    }
  }

  private Collection create(SoniDb db) {
    CollectionSpec spec =
        CollectionSpec.dimension(dimension)
            .durability(Durability.OS)
            .payloadIndex("n", FieldType.INTEGER)
            .payloadIndex("side", FieldType.INTEGER);
    return db.create("songs", spec);
  }

  /// Each with a number below 1,000 at random, and its rank in thousandths along a direction.
  private List<Point> batch(int from, int to) {
    List<Point> batch = new ArrayList<>();
    for (int id = from; id < to; id++) {
      float[] vector = generator.next();
      String payload = "{\"n\":%d,\"side\":%d}".formatted(random.nextInt(1000), sideOf(vector));
      batch.add(Point.of(VectorId.of(id), Vector.sharing(vector), Payload.ofJson(payload)));
    }
    return batch;
  }

  private int sideOf(float[] vector) {
    int place = Arrays.binarySearch(along, along(vector));
    int rank = place < 0 ? -place - 1 : place;
    return Math.min(999, rank * 1000 / along.length);
  }

  private double along(float[] vector) {
    double sum = 0;
    for (int i = 0; i < dimension; i++) {
      sum += vector[i] * direction[i];
    }
    return sum;
  }

  private static double cpuSeconds() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime()
        / 1e9;
  }

  /// Of this thread, which does all of a search by the index.
  private static double threadCpuSeconds() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
  }

  private static SoniDbOptions byHand() {
    return SoniDbOptions.DEFAULT.indexing(Indexing.BY_HAND);
  }

  private void query() {
    long start = System.nanoTime();
    try (SoniDb db = SoniDb.open(folder, byHand())) {
      Collection songs = db.collection("songs");
      double open = (System.nanoTime() - start) / 1e6;
      songs.search(queries.getFirst());
      print(
          "open %.0f ms, with the first search %.0f ms"
              .formatted(open, (System.nanoTime() - start) / 1e6));
      warmUp(songs);
      List<Set<VectorId>> truth = truth(songs, Filter.ALL);
      print("  ef  recall@10    p50 ms    p99 ms  searches/s  CPU us");
      for (int far : FAR) {
        row("%4s".formatted(far == 0 ? "-" : far), songs, Filter.ALL, far, truth);
      }
      Runtime.getRuntime().gc();
      Runtime runtime = Runtime.getRuntime();
      print("heap in use %,d bytes".formatted(runtime.totalMemory() - runtime.freeMemory()));
    }
  }

  /// So long until everything is compiled.
  private void warmUp(Collection songs) {
    for (int round = 0; round < WARM_UP; round++) {
      queries.forEach(songs::search);
    }
  }

  private List<Set<VectorId>> truth(Collection songs, Filter filter) {
    List<Query> exact =
        queries.stream().limit(TRUTHS).map(query -> query.filter(filter).exact(true)).toList();
    return songs.search(exact).stream().map(SearchIndexes::ids).toList();
  }

  private void row(
      String name, Collection songs, Filter filter, int far, List<Set<VectorId>> truth) {
    long[] nanos = new long[QUERIES];
    double right = 0;
    double there = truth.stream().mapToInt(Set::size).sum();
    double cpu = threadCpuSeconds();
    for (int i = 0; i < QUERIES; i++) {
      Query query = queries.get(i).ef(far).filter(filter);
      long start = System.nanoTime();
      SearchResult result = songs.search(query);
      nanos[i] = System.nanoTime() - start;
      if (i < TRUTHS) {
        right += ids(result).stream().filter(truth.get(i)::contains).count();
      }
    }
    cpu = threadCpuSeconds() - cpu;
    double all = Arrays.stream(nanos).sum() / 1e9;
    Arrays.sort(nanos);
    print(
        "%s  %9.4f  %8.3f  %8.3f  %10.0f  %6.0f"
            .formatted(
                name,
                right / there,
                nanos[QUERIES / 2] / 1e6,
                nanos[QUERIES * 99 / 100] / 1e6,
                QUERIES / all,
                cpu / QUERIES * 1e6));
  }

  private void filters() {
    try (SoniDb db = SoniDb.open(folder, byHand())) {
      Collection songs = db.collection("songs");
      warmUp(songs);
      print("          filter  recall@10    p50 ms    p99 ms  searches/s  CPU us");
      row("%16s".formatted("none"), songs, Filter.ALL, 0, truth(songs, Filter.ALL));
      for (String field : List.of("n", "side")) {
        for (int thousandths : new int[] {1, 10, 100, 200, 500}) {
          Filter filter =
              Filter.parse(
                  "{\"must\":[{\"key\":\"%s\",\"range\":{\"lt\":%d}}]}"
                      .formatted(field, thousandths));
          String name = "%s %.1f %%".formatted(field, thousandths / 10.0);
          row("%16s".formatted(name), songs, filter, 0, truth(songs, filter));
        }
      }
    }
  }

  private void deletes() {
    try (SoniDb db = SoniDb.open(folder, byHand())) {
      Collection songs = db.collection("songs");
      warmUp(songs);
      print("                            recall@10    p50 ms    p99 ms  searches/s  CPU us");
      row("before                   ", songs, Filter.ALL, 0, truth(songs, Filter.ALL));
      List<Point> again = new ArrayList<>();
      for (int id = 0; id < vectors; id++) {
        if (random.nextBoolean()) {
          again.add(songs.get(VectorId.of(id)).orElseThrow());
        }
        if (again.size() == BATCH || id == vectors - 1) {
          songs.delete(again.stream().map(Point::id).toList());
          songs.upsert(again);
          again.clear();
        }
      }
      row("half of them not indexed ", songs, Filter.ALL, 0, truth(songs, Filter.ALL));
      songs.buildIndex();
      row("indexed                  ", songs, Filter.ALL, 0, truth(songs, Filter.ALL));
      songs.compact(false, Progress.NONE);
      row("compacted                ", songs, Filter.ALL, 0, truth(songs, Filter.ALL));
      print("%s".formatted(songs.stats().search()));
    }
  }

  private void beside() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = create(db);
      AtomicBoolean over = new AtomicBoolean();
      AtomicLong searches = new AtomicLong();
      Thread searcher =
          Thread.ofPlatform()
              .start(() -> {
                while (!over.get()) {
                  songs.search(queries.get((int) (searches.getAndIncrement() % QUERIES)));
                }
              });
      long start = System.nanoTime();
      long generating = 0;
      for (int from = 0; from < vectors; from += BATCH) {
        long begun = System.nanoTime();
        List<Point> batch = batch(from, Math.min(vectors, from + BATCH));
        generating += System.nanoTime() - begun;
        songs.upsert(batch);
      }
      double seconds = (System.nanoTime() - start - generating) / 1e9;
      print(
          "%,.0f vectors/s in, beside %,.0f searches/s; afterwards %s"
              .formatted(vectors / seconds, searches.get() / seconds, songs.stats().search()));
      over.set(true);
      searcher.join();
      for (int i = 0; i < 4; i++) {
        latency(songs);
        songs.buildIndex();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void backlog() {
    try (SoniDb db = SoniDb.open(folder, byHand())) {
      Collection songs = create(db);
      for (int from = 0; from < vectors; from += BATCH) {
        if (from == vectors / 10) {
          latency(songs);
        }
        songs.upsert(batch(from, Math.min(vectors, from + BATCH)));
      }
      latency(songs);
      songs.buildIndex();
      latency(songs);
    }
  }

  private void latency(Collection songs) {
    CollectionStats.SearchIndex index = songs.stats().search();
    for (int i = 0; i < 20; i++) {
      songs.search(queries.get(i)); // compiled, and in the cache
    }
    long[] nanos = new long[QUERIES / 10];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      songs.search(queries.get(i));
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    print(
        "%,d in a graph, %,d with codes, %,d neither: p50 %.3f ms, p99 %.3f ms"
            .formatted(
                index.linked(),
                index.coded(),
                index.backlog(),
                nanos[nanos.length / 2] / 1e6,
                nanos[nanos.length * 99 / 100] / 1e6));
  }

  private static Set<VectorId> ids(SearchResult result) {
    Set<VectorId> ids = new HashSet<>();
    result.hits().stream().map(Hit::id).forEach(ids::add);
    return ids;
  }

  private static void print(String line) {
    System.out.println(line);
  }
}
