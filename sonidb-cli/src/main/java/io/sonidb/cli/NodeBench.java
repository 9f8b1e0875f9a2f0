package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.RemoteCollection;
import io.sonidb.client.SoniDbClient;
import io.sonidb.client.WireFormat;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/// Measures a node as its clients see it: requests, networks and formats included.
///
/// Vector `i` of the generated ones has id `i`. Times are wall-clock times.
final class NodeBench {
  private static final int BATCH = 256;
  private static final int GETS = 5_000;
  private static final int CONNECTIONS = 16;
  private static final int SEARCHES = 100;
  private static final int RECALL_QUERIES = 10;
  private static final long MAX_JSON = 20_000;
  private static final long SEED = 11;

  private final SonidbCommand sonidb;
  private final ClientOptions options;
  private final long count;
  private final int threads;
  private final Figures figures;

  /// @param count how many vectors are inserted
  /// @param threads how many callers insert and search at the same time
  NodeBench(SonidbCommand sonidb, ClientOptions options, long count, int threads, Figures figures) {
    this.sonidb = sonidb;
    this.options = options;
    this.count = count;
    this.threads = threads;
    this.figures = figures;
  }

  void run(CollectionSpec spec) throws IOException {
    String name = "sonidb-bench-" + Long.toHexString(System.nanoTime());
    try (SoniDbClient node = sonidb.connect(options)) {
      try {
        measure(node, name, spec);
      } finally {
        node.drop(name);
      }
    }
  }

  private void measure(SoniDbClient node, String name, CollectionSpec spec) throws IOException {
    GeneratedVectors vectors = new GeneratedVectors(spec.dimension());
    sonidb.output().note("warm-up ...");
    node.create(name, spec);
    try (SoniDbClient json = sonidb.connect(options.format(WireFormat.JSON))) {
      RemoteCollection collection = json.collection(name);
      long some = Math.min(count, MAX_JSON);
      ingest(collection, vectors, some, Progress.NONE);
      double seconds = ingest(collection, vectors, some, Progress.NONE);
      figures.add(
          "ingest_json_vectors_per_s",
          "upsert as JSON, batches of 256, durable",
          some / seconds,
          "vectors/s",
          ">= 8,000 (768-d)");
    }
    node.drop(name);
    RemoteCollection collection = node.create(name, spec);
    ingest(collection, vectors, Math.min(count, MAX_JSON), Progress.NONE);
    node.drop(name);
    collection = node.create(name, spec);
    double seconds;
    try (ProgressBar progress = sonidb.output().progress("ingest")) {
      seconds = ingest(collection, vectors, count, progress);
    }
    figures.add(
        "ingest_vectors_per_s",
        "upsert as CBOR, batches of 256, durable",
        count / seconds,
        "vectors/s",
        "");
    figures.add(
        "bytes_per_vector",
        "size of a vector, whole frames",
        collection.stats().bytesPerVector(),
        "bytes",
        "");
    sonidb.output().note("get, search ...");
    gets(collection, vectors);
    searches(collection, vectors);
  }

  private double ingest(
      RemoteCollection collection, GeneratedVectors vectors, long most, Progress progress)
      throws IOException {
    AtomicLong next = new AtomicLong();
    AtomicLong done = new AtomicLong();
    long start = System.nanoTime();
    Measurement.inParallel(
        threads,
        () -> {
          for (long from = next.getAndAdd(BATCH); from < most; from = next.getAndAdd(BATCH)) {
            checkNotInterrupted();
            long to = Math.min(from + BATCH, most);
            List<Point> batch = new ArrayList<>();
            for (long i = from; i < to; i++) {
              batch.add(Point.of(VectorId.of(i), Vector.sharing(vectors.vector(i))));
            }
            collection.upsert(batch);
            progress.update(done.addAndGet(to - from), most, "vectors");
          }
        });
    return (System.nanoTime() - start) / 1e9;
  }

  private void gets(RemoteCollection collection, GeneratedVectors vectors) throws IOException {
    int gets = (int) Math.min(GETS, count);
    gets(collection, vectors, gets, 1);
    Gets one = gets(collection, vectors, gets, 1);
    figures.add("get_p50_ms", "get, one connection, median", one.latencies().millis(0.5), "ms", "");
    figures.add(
        "get_p99_ms", "get, one connection, 99 of 100", one.latencies().millis(0.99), "ms", "");
    Gets many = gets(collection, vectors, gets, CONNECTIONS);
    figures.add(
        "get_16_p99_ms",
        "get, 16 connections, 99 of 100",
        many.latencies().millis(0.99),
        "ms",
        "<= 3");
    figures.add("gets_per_s", "get, 16 connections", gets / many.seconds(), "1/s", ">= 15,000");
  }

  private record Gets(Latencies latencies, double seconds) {}

  /// Gets random vectors, and compares each with what was inserted.
  private Gets gets(
      RemoteCollection collection, GeneratedVectors vectors, int gets, int connections)
      throws IOException {
    Latencies latencies = new Latencies();
    AtomicLong left = new AtomicLong(gets);
    AtomicLong seeds = new AtomicLong(SEED);
    long start = System.nanoTime();
    Measurement.inParallel(
        connections,
        () -> {
          SplittableRandom random = new SplittableRandom(seeds.getAndIncrement());
          while (left.getAndDecrement() > 0) {
            checkNotInterrupted();
            long id = random.nextLong(count);
            long begun = System.nanoTime();
            Point point = collection.get(VectorId.of(id)).orElseThrow();
            latencies.add(System.nanoTime() - begun);
            if (!point.vector().equals(Vector.sharing(vectors.vector(id)))) {
              throw new CommandFailure(
                  ExitCode.DAMAGED, "vector " + id + " came back with other bits");
            }
          }
        });
    return new Gets(latencies, (System.nanoTime() - start) / 1e9);
  }

  private void searches(RemoteCollection collection, GeneratedVectors vectors) throws IOException {
    Latencies latencies = new Latencies();
    AtomicLong next = new AtomicLong();
    long start = System.nanoTime();
    Measurement.inParallel(
        threads,
        () -> {
          for (long i = next.getAndIncrement(); i < SEARCHES; i = next.getAndIncrement()) {
            checkNotInterrupted();
            Query query = Query.nearest(Vector.sharing(vectors.vector(-1 - i)), 10);
            long begun = System.nanoTime();
            collection.search(query);
            latencies.add(System.nanoTime() - begun);
          }
        });
    double seconds = (System.nanoTime() - start) / 1e9;
    figures.add("search_p50_ms", "search, k 10, median", latencies.millis(0.5), "ms", "");
    figures.add("search_p99_ms", "search, k 10, 99 of 100", latencies.millis(0.99), "ms", "");
    figures.add("searches_per_s", "search, k 10", SEARCHES / seconds, "1/s", "");
    RecallCheck.Result recall =
        RecallCheck.run(new RemotePoints(collection), RECALL_QUERIES, 10, 0, Progress.NONE);
    figures.add("search_recall_at_10", "recall@10", recall.recall(), "", "");
  }

  private void checkNotInterrupted() {
    if (sonidb.interruption().requested()) {
      throw new CommandFailure(ExitCode.FAILED, "interrupted");
    }
  }
}
