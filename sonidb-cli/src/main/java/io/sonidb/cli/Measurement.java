package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.IndexReport;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/// What `demo` and `bench` measure of one collection, and how.
///
/// Vector `i` of the generated ones has id `i`. Times are wall-clock times.
final class Measurement {

  private static final int BATCH = 1000;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final long SEED = 11;

  private final Collection collection;
  private final GeneratedVectors vectors;
  private final Interruption interruption;

  Measurement(Collection collection, GeneratedVectors vectors, Interruption interruption) {
    this.collection = collection;
    this.vectors = vectors;
    this.interruption = interruption;
  }

  /// @param vectors how many were inserted
  /// @param insertSeconds until the last batch was acknowledged
  /// @param sealSeconds until, after that, the last segment was sealed and indexed
  record Ingest(long vectors, double insertSeconds, double sealSeconds, IndexReport index) {
    /// Everything included.
    double vectorsPerSecond() {
      return vectors / (insertSeconds + sealSeconds);
    }
  }

  /// An amount of work, and how long it took.
  record Work(long amount, double seconds) {
    double perSecond() {
      return amount / seconds;
    }
  }

  /// Inserts vectors in batches of 1,000, then seals and indexes.
  ///
  /// @param threads how many callers insert batches at the same time
  Ingest ingest(long count, int threads, Progress progress) throws IOException {
    long start = System.nanoTime();
    AtomicLong next = new AtomicLong();
    AtomicLong done = new AtomicLong();
    inParallel(
        threads,
        () -> {
          for (long from = next.getAndAdd(BATCH); from < count; from = next.getAndAdd(BATCH)) {
            checkNotInterrupted();
            long to = Math.min(from + BATCH, count);
            collection.upsert(batch(from, to));
            progress.update(done.addAndGet(to - from), count, "vectors");
          }
        });
    double insertSeconds = secondsSince(start);
    IndexReport index = collection.buildIndex();
    return new Ingest(count, insertSeconds, secondsSince(start) - insertSeconds, index);
  }

  private List<Point> batch(long from, long to) {
    List<Point> batch = new ArrayList<>();
    for (long i = from; i < to; i++) {
      batch.add(Point.of(VectorId.of(i), Vector.sharing(vectors.vector(i))));
    }
    return batch;
  }

  /// Single inserts, and how long each took.
  record Inserts(Work work, Latencies latencies) {}

  /// Inserts single vectors, each acknowledged before the same caller's next one.
  Inserts singleInserts(long count, int threads) throws IOException {
    long start = System.nanoTime();
    AtomicLong next = new AtomicLong();
    Latencies latencies = new Latencies();
    inParallel(
        threads,
        () -> {
          for (long i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            checkNotInterrupted();
            Vector vector = Vector.sharing(vectors.vector(i));
            long begun = System.nanoTime();
            collection.upsert(VectorId.of(i), vector, Payload.EMPTY);
            latencies.add(System.nanoTime() - begun);
          }
        });
    return new Inserts(new Work(count, secondsSince(start)), latencies);
  }

  /// Gets random vectors, one at a time, and compares each with what was inserted.
  ///
  /// @throws CommandFailure if one came back with other bits
  Latencies gets(int count) {
    SplittableRandom random = new SplittableRandom(SEED);
    long stored = collection.count();
    Latencies latencies = new Latencies();
    for (int i = 0; i < count; i++) {
      checkNotInterrupted();
      long id = random.nextLong(stored);
      long start = System.nanoTime();
      Point point = collection.get(VectorId.of(id)).orElseThrow();
      latencies.add(System.nanoTime() - start);
      if (!point.vector().equals(Vector.sharing(vectors.vector(id)))) {
        throw new CommandFailure(ExitCode.DAMAGED, "vector " + id + " came back with other bits");
      }
    }
    return latencies;
  }

  /// Reads the whole collection as one FLAC stream; the amount is in bytes.
  Work stream() throws IOException {
    long start = System.nanoTime();
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    try (InputStream audio = collection.stream(1, false)) {
      for (int read = audio.read(buffer); read >= 0; read = audio.read(buffer)) {
        bytes += read;
        checkNotInterrupted();
      }
    }
    return new Work(bytes, secondsSince(start));
  }

  /// Decodes every vector, on all cores; the amount is in vectors.
  Work decode() {
    long start = System.nanoTime();
    return new Work(collection.scan((_, _) -> {}), secondsSince(start));
  }

  /// Searches for the 10 nearest of vectors that are not stored.
  Latencies searches(int count) {
    Latencies latencies = new Latencies();
    for (int i = 0; i < count; i++) {
      checkNotInterrupted();
      Query query = Query.nearest(Vector.sharing(vectors.vector(-1L - i)), 10);
      long start = System.nanoTime();
      collection.search(query);
      latencies.add(System.nanoTime() - start);
    }
    return latencies;
  }

  private void checkNotInterrupted() {
    if (interruption.requested()) {
      throw new CommandFailure(ExitCode.FAILED, "interrupted");
    }
  }

  private static double secondsSince(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  /// Has several threads do the same.
  static void inParallel(int threads, Runnable task) throws IOException {
    try (ExecutorService callers = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(callers.submit(task));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.FAILED, "interrupted", e);
    }
  }
}
