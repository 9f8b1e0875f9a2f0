package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.payload.IndexedField;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/// The payload indexes of a collection, segment by segment.
///
/// One thread follows the writers and writes a file for each sealed segment; it runs only if fields
/// are declared. Nobody waits for it: what it has not come to yet, the first query does.
final class PayloadIndexes implements AutoCloseable {
  /// The newest records of a segment are not indexed but looked into, up to so many.
  static final int SLACK = 512;

  private static final int WORTH_A_LOOK = 8192;

  private final Engine engine;
  private final Map<Integer, SegmentPayloads> segments = new ConcurrentHashMap<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private volatile SortedSet<IndexedField> fields = new TreeSet<>();
  private volatile Optional<PresentRecords> lastPresent = Optional.empty();
  private volatile boolean areDropped;
  private volatile boolean closing;
  private Optional<ExecutorService> thread = Optional.empty(); // guarded by this
  private int unseen; // the appender's thread's own

  PayloadIndexes(Engine engine) {
    this.engine = engine;
  }

  /// Which fields are indexed from now on.
  void setFields(SortedSet<IndexedField> wanted) {
    areDropped = wanted.isEmpty() && !fields.isEmpty();
    fields = new TreeSet<>(wanted);
    catchUp();
  }

  /// The fields that are indexed.
  SortedSet<IndexedField> fields() {
    return fields;
  }

  boolean has(FieldPath path) {
    return fields.stream().anyMatch(field -> field.path().equals(path));
  }

  /// What is known of a segment of a view.
  SegmentPayloads of(Segment segment) {
    return segments.compute(
        segment.number(),
        (_, known) ->
            known != null && known.segment() == segment
                ? known
                : new SegmentPayloads(engine, segment));
  }

  /// The index of a segment of a view, but for its newest records.
  SegmentPayloads.Index index(Segment segment, int count) {
    return of(segment).upTo(count, SLACK, fields);
  }

  /// The points of a view by their records; those of the last view if it was the same.
  PresentRecords present(CollectionView view) {
    Optional<PresentRecords> last = lastPresent;
    if (last.isPresent() && last.get().isOf(view)) {
      return last.get();
    }
    PresentRecords present = PresentRecords.of(view);
    lastPresent = Optional.of(present);
    return present;
  }

  /// Compares the files with what was written.
  ///
  /// @return of each that is damaged, its name and why
  Map<String, String> damaged() throws IOException {
    Map<String, String> damaged = new TreeMap<>();
    try (LogView view = engine.log().view()) {
      for (Segment segment : view.segments()) {
        of(segment)
            .damage()
            .ifPresent(reason -> damaged.put(SegmentLog.payloadIndexFile(segment), reason));
      }
    }
    return damaged;
  }

  /// Bytes of all indexes, in memory and on disk.
  long size() {
    return segments.values().stream().mapToLong(SegmentPayloads::size).sum();
  }

  /// Records were added; on the appender's thread.
  void published(int count) {
    unseen += count;
    if (unseen >= WORTH_A_LOOK) {
      unseen = 0;
      catchUp();
    }
  }

  /// Indexes, soon, what is not indexed yet.
  void catchUp() {
    boolean hasWork = !fields.isEmpty() || areDropped;
    if (!hasWork || closing || !scheduled.compareAndSet(false, true)) {
      return;
    }
    inBackground(() -> {
      scheduled.set(false);
      indexAll();
    });
  }

  /// Runs something on the indexes' own thread.
  void inBackground(Runnable task) {
    try {
      executor().ifPresent(own -> own.execute(task));
    } catch (RejectedExecutionException e) {
      scheduled.set(false); // the collection is being closed
    }
  }

  private synchronized Optional<ExecutorService> executor() {
    if (thread.isEmpty() && !closing) {
      thread =
          Optional.of(
              Executors.newSingleThreadExecutor(
                  Thread.ofPlatform()
                      .daemon()
                      .name("sonidb-payload-" + engine.log().header().name())
                      .factory()));
    }
    return thread;
  }

  private void indexAll() {
    try (LogView view = engine.log().view()) {
      Set<Integer> numbers =
          view.segments().stream().map(Segment::number).collect(Collectors.toSet());
      segments.keySet().retainAll(numbers);
      // Files of fields that were dropped go even if the collection is being closed: nobody looks
      // for
      // them when it is opened again.
      for (int i = 0; i < view.segments().size() && (!closing || fields.isEmpty()); i++) {
        bringUpToDate(view.segments().get(i), view.count(i));
      }
    } catch (IOException | RuntimeException e) {
      // A full disk, most likely: what has no file is indexed in memory. It is tried again later.
      if (!closing) {
        engine.note("payload index: " + e.getMessage());
      }
    }
  }

  private void bringUpToDate(Segment segment, int count) throws IOException {
    SortedSet<IndexedField> wanted = fields;
    SegmentPayloads payloads = of(segment);
    if (wanted.isEmpty()) {
      engine.log().deletePayloadIndex(segment);
    } else if (!segment.isSealed()) {
      payloads.upTo(count, WORTH_A_LOOK, wanted);
    } else if (!engine.log().manifest().isSnapshot()) {
      payloads.save(wanted);
    }
  }

  /// Ends what is under way.
  @Override
  public void close() {
    closing = true;
    Optional<ExecutorService> running;
    synchronized (this) {
      running = thread;
    }
    running.ifPresent(ExecutorService::shutdown);
    running.ifPresent(PayloadIndexes::awaitEnd);
  }

  private static void awaitEnd(ExecutorService executor) {
    boolean interrupted = false;
    while (!executor.isTerminated()) {
      try {
        executor.awaitTermination(1, TimeUnit.HOURS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
