package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.SearchResult;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/// A database on disk, with vectors of float32 and 768 dimensions, beside one plain file of such
/// vectors (see [RawVectors]).
///
/// Each benchmark makes its data in a [TemporaryFolder]. Rates are vectors a second.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class CollectionBenchmark {
  private static final int DIMENSION = 768;
  private static final int SEGMENTS = 50;
  private static final long SEGMENT_BYTES = 2 << 20;
  private static final int VECTORS = 41_000;
  private static final int BATCH = 1_000;
  private static final int SMALL_BATCH = 100;
  private static final int RAW_SIZE = RawVectors.size(DIMENSION);

  /// A full collection of sealed segments.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls prepare() first.
  public static class Filled {
    private TemporaryFolder folder;
    private SoniDb db;
    Collection collection;

    SoniDbOptions options() {
      return SoniDbOptions.DEFAULT;
    }

    /// Fills the collection.
    @Setup
    public void prepare() throws IOException {
      folder = TemporaryFolder.create();
      db = SoniDb.open(folder.path(), options());
      collection =
          db.create(
              "vectors",
              CollectionSpec.dimension(DIMENSION)
                  .segmentBytes(SEGMENT_BYTES)
                  .durability(Durability.OS));
      UnitVectors vectors = new UnitVectors(DIMENSION);
      // A batch lies in one segment, so that large ones would overrun the size of segments.
      for (int from = 0; from < VECTORS; from += SMALL_BATCH) {
        List<Point> batch = new ArrayList<>(SMALL_BATCH);
        for (int i = from; i < from + SMALL_BATCH; i++) {
          batch.add(Point.of(VectorId.of(i), Vector.sharing(vectors.next())));
        }
        collection.upsert(batch);
      }
      // Waits until the last segment is sealed, so that nothing runs beside the measurement.
      collection.buildIndex();
      long segments = collection.stats().segments();
      if (segments < SEGMENTS) {
        cleanUp();
        throw new IllegalStateException("only " + segments + " segments, not " + SEGMENTS);
      }
    }

    /// Deletes the collection.
    @TearDown
    public void cleanUp() throws IOException {
      db.close();
      folder.close();
    }
  }

  /// A full collection, read by a given number of cores.
  public static class FilledForCores extends Filled {
    /// Cores that scan.
    @Param({"1", "2"})
    public int cores;

    @Override
    SoniDbOptions options() {
      return new SoniDbOptions(cores);
    }
  }

  /// A plain file of as many vectors.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls prepare() first.
  public static class FilledFile {
    private TemporaryFolder folder;
    private FileChannel file;
    private byte[] window;
    private float[] into;

    /// Fills the file.
    @Setup
    public void prepare() throws IOException {
      folder = TemporaryFolder.create();
      file = openNew(folder);
      window = new byte[BATCH * RAW_SIZE];
      into = new float[DIMENSION];
      UnitVectors vectors = new UnitVectors(DIMENSION);
      for (int from = 0; from < VECTORS; from += BATCH) {
        for (int i = 0; i < BATCH; i++) {
          RawVectors.write(vectors.next(), window, i * RAW_SIZE);
        }
        write(file, window, window.length);
      }
    }

    private void load(long offset, int size) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(window, 0, size);
      while (buffer.hasRemaining()) {
        if (file.read(buffer, offset + buffer.position()) < 0) {
          throw new IOException("the file is shorter than " + (offset + size) + " bytes");
        }
      }
    }

    /// Deletes the file.
    @TearDown
    public void cleanUp() throws IOException {
      file.close();
      folder.close();
    }
  }

  /// An empty collection that waits for the disk, and an empty file.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls prepare() first.
  public static class Empty {
    private final AtomicLong next = new AtomicLong();
    private final float[][] vectors = new float[BATCH][];
    private final byte[] raw = new byte[BATCH * RAW_SIZE];
    private TemporaryFolder folder;
    private SoniDb db;
    private Collection collection;
    private FileChannel file;

    /// Creates both.
    @Setup
    public void prepare() throws IOException {
      UnitVectors source = new UnitVectors(DIMENSION);
      for (int i = 0; i < BATCH; i++) {
        vectors[i] = source.next();
      }
      folder = TemporaryFolder.create();
      db = SoniDb.open(folder.path().resolve("db"));
      collection = db.create("vectors", CollectionSpec.dimension(DIMENSION));
      file = openNew(folder);
    }

    private long insert() {
      long number = next.getAndIncrement();
      return collection.upsert(
          VectorId.of(number), Vector.sharing(vectors[(int) (number % BATCH)]), Payload.EMPTY);
    }

    /// Deletes both.
    @TearDown
    public void cleanUp() throws IOException {
      db.close();
      file.close();
      folder.close();
    }
  }

  /// Which vector a thread asks for next.
  @State(Scope.Thread)
  public static class Asking {
    private final SplittableRandom random = new SplittableRandom(42);
  }

  private static FileChannel openNew(TemporaryFolder folder) throws IOException {
    return FileChannel.open(
        folder.path().resolve("vectors.raw"),
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  private static void write(FileChannel file, byte[] bytes, int size) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, size);
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
  }

  /// One vector by its id.
  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public Optional<Point> get(Filled state, Asking asking) {
    return state.collection.get(VectorId.of(asking.random.nextInt(VECTORS)));
  }

  /// Baseline of `get`: one vector by its place in the file.
  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public float[] getBaseline(FilledFile state, Asking asking) throws IOException {
    state.load((long) asking.random.nextInt(VECTORS) * RAW_SIZE, RAW_SIZE);
    float[] vector = new float[DIMENSION];
    RawVectors.read(state.window, 0, vector);
    return vector;
  }

  /// Every vector, decoded and checked.
  @Benchmark
  @OperationsPerInvocation(VECTORS)
  public long scan(FilledForCores state) {
    return state.collection.scan((id, vector) -> {});
  }

  /// Baseline of `scan`: every vector of the file, on one core.
  @Benchmark
  @OperationsPerInvocation(VECTORS)
  public float[] scanBaseline(FilledFile state) throws IOException {
    for (int from = 0; from < VECTORS; from += BATCH) {
      state.load((long) from * RAW_SIZE, BATCH * RAW_SIZE);
      for (int i = 0; i < BATCH; i++) {
        RawVectors.read(state.window, i * RAW_SIZE, state.into);
      }
    }
    return state.into;
  }

  /// The ten nearest by cosine: every vector decoded, checked and compared.
  @Benchmark
  @OperationsPerInvocation(VECTORS)
  public SearchResult search(FilledForCores state, Asking asking) {
    return state.collection.search(Query.nearest(VectorId.of(asking.random.nextInt(VECTORS)), 10));
  }

  /// Durable inserts, one after the other.
  @Benchmark
  public long insertFrom1Thread(Empty state) {
    return state.insert();
  }

  /// Durable inserts that share the wait for the disk.
  @Benchmark
  @Threads(16)
  public long insertFrom16Threads(Empty state) {
    return state.insert();
  }

  /// Baseline of the inserts: one vector appended to the file, then a sync.
  @Benchmark
  public FileChannel insertBaseline(Empty state) throws IOException {
    RawVectors.write(state.vectors[0], state.raw, 0);
    write(state.file, state.raw, RAW_SIZE);
    state.file.force(false);
    return state.file;
  }

  /// Durable batches of 1,000.
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long ingest(Empty state) {
    List<Point> batch = new ArrayList<>(BATCH);
    for (float[] vector : state.vectors) {
      batch.add(Point.of(VectorId.of(state.next.getAndIncrement()), Vector.sharing(vector)));
    }
    return state.collection.upsert(batch);
  }

  /// Baseline of `ingest`: 1,000 vectors appended to the file, then a sync.
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public FileChannel ingestBaseline(Empty state) throws IOException {
    for (int i = 0; i < BATCH; i++) {
      RawVectors.write(state.vectors[i], state.raw, i * RAW_SIZE);
    }
    write(state.file, state.raw, state.raw.length);
    state.file.force(false);
    return state.file;
  }
}
