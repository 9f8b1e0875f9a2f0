package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Indexing;
import io.sonidb.IntegrityReport;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.client.ClientOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    sortOptions = false,
    description = {
      "Measure ingest, get, stream, search and size here.",
      "In a folder `bench` of the data folder, which is deleted afterwards. Vectors are generated:"
          + " clusters, unit length.",
      "Of a node it measures what clients get: in a collection of its own, which is dropped afterwards."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb bench",
      "  sonidb bench --vectors 1000000 --dimension 128 --json",
      "  sonidb bench --url http://127.0.0.1:7664 --vectors 20000"
    })
final class BenchCommand extends DatabaseCommand {

  /// To measure the exact search, and what writing costs without making graphs beside it.
  static final SoniDbOptions WITHOUT_INDEX =
      SoniDbOptions.DEFAULT.indexing(new Indexing(false, Integer.MAX_VALUE, 0));

  private static final int WARM_UP = 20_000;
  private static final int GETS = 20_000;
  private static final int SEARCHES = 30;
  private static final int RECALL_QUERIES = 10;
  private static final int SEGMENTS = 50;
  private static final long MIN_SEGMENT_BYTES = 1 << 20;
  private static final int CALLERS = 16;
  private static final int SINGLE_INSERTS = 1100;
  private static final int ROUNDS = 11;

  @Option(
      names = "--vectors",
      paramLabel = "N",
      description = "How many vectors (default: 100000).")
  private long count = 100_000;

  @Option(
      names = "--dimension",
      paramLabel = "D",
      description = "Of what dimension (default: 768).")
  private int dimension = 768;

  @Option(
      names = "--threads",
      paramLabel = "T",
      description = "How many callers insert batches at the same time (default: 1).")
  private int threads = 1;

  private final Figures figures = new Figures();

  BenchCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (count < 1000 || threads < 1) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--vectors must be 1000 or more and --threads 1 or more, were "
              + count
              + " and "
              + threads);
    }
    CollectionSpec spec = CollectionSpec.dimension(dimension);
    Optional<ClientOptions> node = sonidb().node();
    if (node.isPresent()) {
      new NodeBench(sonidb(), node.get(), count, threads, figures).run(spec);
      figures.circumstance("url", node.get().uri().toString());
      circumstances();
      show();
      return ExitCode.OK;
    }
    Path folder = sonidb().folder().resolve("bench");
    delete(folder);
    Files.createDirectories(folder);
    try {
      measure(folder, spec);
    } finally {
      delete(folder);
    }
    circumstances();
    show();
    return ExitCode.OK;
  }

  private void show() {
    output().json(figures.json());
    figures.lines().forEach(output()::line);
  }

  private void measure(Path folder, CollectionSpec spec) throws IOException {
    GeneratedVectors vectors = new GeneratedVectors(dimension);
    output().note("disk ...");
    double writeRate = Disk.writeMegabytesPerSecond(folder);
    long heapBefore;
    try (SoniDb database = SoniDb.open(folder, WITHOUT_INDEX)) {
      output().note("warm-up ...");
      Measurement warmUp = measurement(database, "warm-up", spec, vectors);
      warmUp.ingest(Math.min(count, WARM_UP), threads, io.sonidb.Progress.NONE);
      warmUp.gets(GETS);
      database.drop("warm-up");
      heapBefore = usedHeap();
      large(database, spec, vectors);
    }
    reopen(folder, heapBefore);
    try (SoniDb database = SoniDb.open(folder, WITHOUT_INDEX)) {
      manySegments(database, spec, vectors);
      singleInserts(folder, database, spec, vectors);
    }
    figures.add("disk_write_mb_per_s", "raw write of 512 MiB, fsync", writeRate, "MB/s", "");
  }

  private Measurement measurement(
      SoniDb database, String name, CollectionSpec spec, GeneratedVectors vectors) {
    return new Measurement(database.create(name, spec), vectors, interruption());
  }

  /// All vectors in segments of the usual size.
  private void large(SoniDb database, CollectionSpec spec, GeneratedVectors vectors)
      throws IOException {
    Measurement measurement = measurement(database, "large", spec, vectors);
    Collection collection = database.collection("large");
    Measurement.Ingest ingest;
    try (ProgressBar progress = output().progress("ingest")) {
      ingest = measurement.ingest(count, threads, progress);
    }
    figures.add(
        "ingest_vectors_per_s",
        "ingest in durable batches of 1,000, sealed and indexed",
        ingest.vectorsPerSecond(),
        "vectors/s",
        ">= 50,000 (768-d)");
    figures.add(
        "ingest_acknowledged_vectors_per_s",
        "the same, until the last acknowledgement",
        count / ingest.insertSeconds(),
        "vectors/s",
        "");
    CollectionStats stats = collection.stats();
    figures.add(
        "bytes_per_vector", "size of a vector, whole frames", stats.bytesPerVector(), "bytes", "");
    output().note("stream, scan, verify, search ...");
    Measurement.Work stream = measurement.stream();
    figures.add("stream_mb_per_s", "stream all as FLAC", stream.perSecond() / 1e6, "MB/s", "> 10");
    measurement.decode();
    Measurement.Work decode = measurement.decode();
    int cores = Runtime.getRuntime().availableProcessors();
    figures.add(
        "decode_vectors_per_s", "decode all, all cores", decode.perSecond(), "vectors/s", "");
    figures.add(
        "decode_vectors_per_s_per_core",
        "decode all, a core",
        decode.perSecond() / cores,
        "vectors/s",
        ">= 300,000 (768-d)");
    IntegrityReport verified;
    try (ProgressBar progress = output().progress("verify")) {
      verified = collection.verifyIntegrity(true, progress);
    }
    if (!verified.ok()) {
      throw new CommandFailure(ExitCode.DAMAGED, verified.damaged().getFirst().toString());
    }
    figures.add(
        "verify_mb_per_s_per_core",
        "deep verify, a core",
        verified.bytes() / 1e6 / verified.seconds() / cores,
        "MB/s",
        ">= 300");
    figures.add(
        "search_p50_ms",
        "exact search, k 10, median",
        measurement.searches(SEARCHES).millis(0.5),
        "ms",
        "");
    RecallCheck.Result recall =
        RecallCheck.run(
            new LocalPoints(collection), RECALL_QUERIES, 10, 0, io.sonidb.Progress.NONE);
    figures.add("search_recall_at_10", "recall@10", recall.recall(), "", "");
  }

  private void reopen(Path folder, long heapBefore) {
    output().note("open ...");
    long start = System.nanoTime();
    try (SoniDb database = SoniDb.open(folder, WITHOUT_INDEX)) {
      double millis = (System.nanoTime() - start) / 1e6;
      figures.add("open_ms", "open the database", millis, "ms", "<= 1,000 (1,000,000 x 128-d)");
      figures.add(
          "index_heap_bytes_per_vector",
          "heap while open",
          Math.max(0, (double) (usedHeap() - heapBefore) / database.collection("large").count()),
          "bytes/vector",
          "<= 16");
    }
  }

  private void manySegments(SoniDb database, CollectionSpec spec, GeneratedVectors vectors)
      throws IOException {
    output().note("get, with many segments ...");
    double bytes = database.collection("large").stats().bytesPerVector() * count;
    // A segment is sealed before it would grow too large, so it stays half a batch short on
    // average.
    double halfBatch = bytes / count * 500;
    long segmentBytes = Math.max(MIN_SEGMENT_BYTES, (long) (bytes / SEGMENTS + halfBatch));
    Measurement measurement =
        measurement(database, "segments", spec.segmentBytes(segmentBytes), vectors);
    measurement.ingest(count, threads, io.sonidb.Progress.NONE);
    long segments = database.collection("segments").stats().segments();
    measurement.gets(GETS);
    Latencies gets = measurement.gets(GETS);
    String what = "get with " + segments + " segments, warm, ";
    figures.add("get_p50_ms", what + "median", gets.millis(0.5), "ms", "<= 0.020");
    figures.add("get_p99_ms", what + "99 of 100", gets.millis(0.99), "ms", "<= 0.200");
    figures.circumstance("get_segments", segments);
  }

  private void singleInserts(
      Path folder, SoniDb database, CollectionSpec spec, GeneratedVectors vectors)
      throws IOException {
    output().note("single inserts ...");
    Measurement oneCaller = measurement(database, "one", spec, vectors);
    oneCaller.singleInserts(SINGLE_INSERTS, 1);
    // In turns, since a shared disk is fast at one moment and slow at the next.
    int recordBytes = (int) database.collection("one").stats().bytesPerVector();
    double[] syncs = new double[ROUNDS];
    double[] inserts = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      syncs[i] = Disk.syncs(folder, recordBytes, SINGLE_INSERTS / ROUNDS).millis(0.5);
      inserts[i] = oneCaller.singleInserts(SINGLE_INSERTS / ROUNDS, 1).latencies().millis(0.5);
      ratios[i] = inserts[i] / syncs[i];
    }
    Measurement.Inserts many =
        measurement(database, "many", spec, vectors)
            .singleInserts(CALLERS * SINGLE_INSERTS, CALLERS);
    figures.add(
        "fsync_ms", "append and fsync of one record's bytes, median", median(syncs), "ms", "");
    figures.add(
        "single_insert_ms", "single durable insert, one caller, median", median(inserts), "ms", "");
    figures.add(
        "single_insert_per_fsync",
        "the same by one append and fsync, in turns, median",
        median(ratios),
        "",
        "<= 1.5");
    figures.add(
        "single_inserts_per_s_16_threads",
        "single durable inserts, 16 callers",
        many.work().perSecond(),
        "vectors/s",
        ">= 5,000");
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private void circumstances() {
    figures.circumstance("vectors", count);
    figures.circumstance("dimension", dimension);
    figures.circumstance("threads", threads);
    figures.circumstance("machine", Machine.text());
    figures.circumstance("jdk", Machine.jdk());
    figures.circumstance("version", ProgramVersion.text());
    Machine.commit().ifPresent(commit -> figures.circumstance("commit", commit));
  }

  /// Bytes on the heap that are in use. Asking for a collection twice has settled what the first
  /// one leaves.
  private static long usedHeap() {
    System.gc();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(folder)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.delete(each);
    }
  }
}
