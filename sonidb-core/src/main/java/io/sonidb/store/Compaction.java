package io.sonidb.store;

import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import io.sonidb.store.CompactionPolicy.Candidate;
import io.sonidb.store.CompactionPolicy.Run;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/// Compacts a log behind its writers, one run of segments at a time, on a thread of its own.
///
/// While the collection is written to it takes a small part of a core, and more as the dead bytes
/// grow; when nobody writes it goes as fast as it can.
final class Compaction {
  // Share of its thread's time that a compaction works while others write.
  private static final double CALM = 0.3;
  private static final double PRESSED = 0.6;
  private static final long WRITING_NANOS = 200_000_000L;
  private static final long MOST_NAP_NANOS = 200_000_000L;

  private final SegmentLog log;
  private final Storage storage;
  private final Path folder;
  private final Sealer sealer;
  private final ScheduledExecutorService thread;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicLong diedSince = new AtomicLong();
  private volatile boolean automatic;
  private volatile boolean stopping;
  private volatile long restUntil = System.nanoTime();

  // The thread's own, as all that follows: segments in which a needed record is damaged, and
  // those whose deletes were looked at and are needed.
  private final Set<Integer> damaged = new HashSet<>();
  private final Set<Integer> keepDeletes = new HashSet<>();
  private int failures;
  private long lastSeen;
  private long lastWriteNanos = System.nanoTime() - WRITING_NANOS;
  private long workedSince;

  Compaction(SegmentLog log, Storage storage, Path folder, Sealer sealer) {
    this.log = log;
    this.storage = storage;
    this.folder = folder;
    this.sealer = sealer;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("sonidb-compact-" + log.header().name()).factory());
  }

  /// From now on it looks by itself whether there is something to compact.
  void begin() {
    automatic = true;
    consider();
    // Deletes get old without anybody writing.
    var _ = thread.scheduleWithFixedDelay(this::consider, 1, 1, TimeUnit.HOURS);
  }

  /// A record was superseded.
  void died(int bytes) {
    if (diedSince.addAndGet(bytes) > log.manifest().segmentBytes() / 16) {
      diedSince.set(0);
      consider();
    }
  }

  /// Looks, soon, whether there is something to compact.
  void consider() {
    boolean wanted = automatic && !stopping && log.manifest().changesByItself();
    if (wanted && System.nanoTime() - restUntil >= 0 && scheduled.compareAndSet(false, true)) {
      try {
        thread.execute(this::inBackground);
      } catch (RejectedExecutionException e) {
        scheduled.set(false); // the collection is being closed
      }
    }
  }

  private void inBackground() {
    scheduled.set(false);
    try {
      for (Run run = choose(); !run.isEmpty() && !stopping; run = choose()) {
        tryTo(run, olderThanRetention(), this::breathe);
      }
      failures = 0;
    } catch (IOException | RuntimeException e) {
      if (!stopping) {
        rest(e);
      }
    }
  }

  /// After a failure, most likely a full disk, it waits, longer each time, before it tries again.
  private void rest(Exception e) {
    failures = Math.min(failures + 1, 12);
    restUntil = System.nanoTime() + TimeUnit.SECONDS.toNanos(1L << failures);
    note("compaction: " + e.getMessage());
  }

  private void note(String text) {
    if (!log.notes().contains(text)) {
      log.notes().add(text);
    }
  }

  /// Whether too much is dead of what is not sealed yet.
  boolean isSealingWorthwhile() {
    long bytes = 0;
    long dead = 0;
    for (Segment segment : log.segments()) {
      bytes += segment.isSealed() ? 0 : segment.recordBytes();
      dead += segment.isSealed() ? 0 : segment.liveness().deadBytes();
    }
    return new CompactionPolicy(log.manifest().segmentBytes()).isTooMuch(bytes, dead);
  }

  /// Compacts now, at full speed, and returns when it is done.
  ///
  /// @throws CorruptSegmentException if a record that is needed is damaged; the other segments are
  ///   done
  void now(boolean purge, WorkProgress progress) throws IOException {
    onThread(() -> {
      damaged.clear();
      keepDeletes.clear();
      Set<Integer> before = new HashSet<>();
      log.segments().forEach(segment -> before.add(segment.number()));
      Optional<CorruptSegmentException> first =
          purge ? purge(before, progress) : worthwhile(before, progress);
      if (first.isPresent()) {
        throw first.get();
      }
      return log;
    });
  }

  /// What others write meanwhile is for another time, so that it ends.
  private Optional<CorruptSegmentException> worthwhile(Set<Integer> before, WorkProgress progress)
      throws IOException {
    Optional<CorruptSegmentException> first = Optional.empty();
    long done = 0;
    for (Run run = choose(); holdsAny(run, before); run = choose()) {
      Optional<CorruptSegmentException> failed =
          tryTo(run, olderThanRetention(), this::checkNotStopping);
      first = first.or(() -> failed);
      progress.update(++done, done + 1, "runs of segments");
    }
    return first;
  }

  private boolean holdsAny(Run run, Set<Integer> numbers) {
    return log.segments().subList(run.from(), run.to()).stream()
        .anyMatch(segment -> numbers.contains(segment.number()));
  }

  /// Oldest first, so that a delete finds nothing older that it must guard against.
  private Optional<CorruptSegmentException> purge(Set<Integer> before, WorkProgress progress)
      throws IOException {
    Optional<CorruptSegmentException> first = Optional.empty();
    CompactionPolicy policy = new CompactionPolicy(log.manifest().segmentBytes());
    Run run = policy.fitting(candidates(true), 0);
    while (holdsAny(run, before)) {
      Optional<CorruptSegmentException> failed =
          tryTo(run, deletedAt -> true, this::checkNotStopping);
      first = first.or(() -> failed);
      progress.update(Math.min(run.to(), before.size()), before.size(), "segments");
      run = policy.fitting(candidates(true), failed.isPresent() ? run.from() : run.from() + 1);
    }
    return first;
  }

  /// Rewrites a run of segments; a damaged one among them is left alone from then on.
  private Optional<CorruptSegmentException> tryTo(
      Run run, LongPredicate deleteIsOld, Compactor.Pace pace) throws IOException {
    try {
      rewrite(run, deleteIsOld, pace);
      return Optional.empty();
    } catch (CorruptSegmentException e) {
      damaged.add(e.segment());
      note(String.valueOf(e.getMessage()));
      return Optional.of(e);
    }
  }

  private <T> T onThread(Callable<T> task) throws IOException {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      thread.execute(() -> {
        try {
          done.complete(task.call());
        } catch (Exception | Error e) {
          done.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException e) {
      throw new IOException("the collection is closed", e);
    }
    try {
      return done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  private LongPredicate olderThanRetention() {
    long limit = log.listener().nowMillis() - log.manifest().settings().retentionMillis();
    // Of a delete that does not say when it was made nobody knows that it is old.
    return deletedAt -> deletedAt > 0 && deletedAt < limit;
  }

  private Run choose() {
    return new CompactionPolicy(log.manifest().segmentBytes()).choose(candidates(false));
  }

  /// @param purge whether only those count that hold something superseded, damaged or not
  private List<Candidate> candidates(boolean purge) {
    Manifest manifest = log.manifest();
    LongPredicate isOld = olderThanRetention();
    List<Candidate> candidates = new ArrayList<>();
    for (Segment segment : log.segments()) {
      Optional<SegmentEntry> entry = manifest.entry(segment.number());
      Optional<Manifest.Sealed> sealed = entry.flatMap(SegmentEntry::sealed);
      boolean movable = false;
      boolean outdated = false;
      long dead = droppableBytes(segment);
      // What is missing on disk, or in a table made of damaged audio, must not be taken for dead.
      if (sealed.isPresent()
          && segment.isSealed()
          && segment.hasBytes()
          && segment.table().count() == sealed.get().records()) {
        boolean sound = sealed.get().damaged() == 0 && !damaged.contains(segment.number());
        outdated =
            !entry.get().header().equals(manifest.header())
                || !keepDeletes.contains(segment.number()) && hasOldDeletes(sealed.get(), isOld);
        movable =
            purge
                ? !damaged.contains(segment.number())
                    && (!sound || outdated || dead + sealed.get().deletes() > 0)
                : sound;
      }
      candidates.add(new Candidate(movable, segment.recordBytes(), dead, outdated));
    }
    return candidates;
  }

  /// Bytes of the dead records that a compaction leaves out: not of those that a write superseded
  /// which a power loss may still take back.
  private long droppableBytes(Segment segment) {
    RecordTable table = segment.table();
    Liveness liveness = segment.liveness();
    long dead = liveness.deadBytes(); // read first: what dies meanwhile is among the others
    return Math.max(0, dead - liveness.bytesDeadSince(log.lastDurable(), table::length));
  }

  /// Whether a fifth of a segment's records are deletes that may be dropped.
  private static boolean hasOldDeletes(Manifest.Sealed sealed, LongPredicate isOld) {
    return sealed.deletes() * 5L >= sealed.records() && isOld.test(sealed.newestDeleteMillis());
  }

  /// Rewrites a run of segments.
  ///
  /// @throws CorruptSegmentException if a record that is needed is damaged; nothing has changed
  private void rewrite(Run run, LongPredicate deleteIsOld, Compactor.Pace pace) throws IOException {
    log.checkNotFailed();
    workedSince = System.nanoTime();
    try (LogView view = log.view()) {
      List<SegmentEntry> entries = new ArrayList<>();
      for (Segment input : view.segments().subList(run.from(), run.to())) {
        entries.add(log.manifest().entry(input.number()).orElseThrow());
      }
      Compactor.Task task =
          new Compactor.Task(
              log.header(), log.lastDurable(), log.listener()::sequenceOf, deleteIsOld, pace);
      Compactor compactor =
          new Compactor(storage, folder, sealer, task, entries, view.segments(), run.from());
      Compactor.Made made = compactor.run(log.manifest().epoch(), log.reserveNumber());
      log.swap(made);
      if (made.guards()) {
        keepDeletes.add(made.segment().number());
      }
    }
  }

  /// Sleeps in proportion to the work done since the last time, while others write.
  private void breathe() throws IOException {
    checkNotStopping();
    long now = System.nanoTime();
    long last = log.lastSequence();
    if (last != lastSeen) {
      lastSeen = last;
      lastWriteNanos = now;
    }
    if (now - lastWriteNanos < WRITING_NANOS) {
      long worked = now - workedSince;
      double share = share();
      pause(Math.min((long) (worked * (1 - share) / share), MOST_NAP_NANOS));
    }
    workedSince = System.nanoTime();
  }

  /// How much of its time it works: little, more when a third of all bytes is dead, all of it from
  /// a half on.
  private double share() {
    long bytes = 0;
    long dead = 0;
    for (Segment segment : log.segments()) {
      bytes += segment.recordBytes();
      dead += segment.liveness().deadBytes();
    }
    return dead * 2 >= bytes ? 1 : dead * 3 >= bytes ? PRESSED : CALM;
  }

  private static void pause(long nanos) throws IOException {
    try {
      Thread.sleep(java.time.Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e); // nobody does that
    }
  }

  private void checkNotStopping() throws IOException {
    if (stopping) {
      throw new IOException("the collection is being closed");
    }
  }

  /// Ends what is under way; a segment that is half made is given up.
  void stop() {
    stopping = true;
    thread.shutdown();
    SegmentLog.awaitTerminationUninterruptibly(thread);
  }
}
