package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.search.CodeQuery;
import io.sonidb.search.CorruptSearchPartException;
import io.sonidb.search.PartBuilder;
import io.sonidb.search.Score;
import io.sonidb.search.SearchPart;
import io.sonidb.sound.RecordKind;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.SegmentRetiredException;
import io.sonidb.store.Storage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// The search index of a collection: parts that cover ranges of sequence numbers, each in a file of
/// its own. What no part covers is compared vector by vector, so a part that is missing costs time,
/// and nothing else.
///
/// The database's [Indexer] follows the writers. It gives new vectors codes soon, a graph when
/// there are many of them, merges neighbours so that there are few, and makes a part again when too
/// many of its vectors are dead. Only durable records are covered: their numbers are never given to
/// others.
///
/// Opening reads none of it. The indexer's thread begins with reading and checking every file, and
/// who searches, or asks, before it is through waits for that: no part is used unchecked.
final class SearchParts implements AutoCloseable {
  /// Generation of an index without parts.
  static final String NO_GENERATION = "none";

  private static final int MOST_OF_A_TIER = 4;
  private static final int TIER_FACTOR = 4;
  private static final int MOST_CODED = 8;
  private static final int SOON = 256;
  private static final int AT_REST = 32;
  private static final long MANY_WRITES = 100_000;
  private static final int SMALL_SHARE = 4;
  private static final int LOOK = 4096;
  private static final long IDLE_MILLIS = 1000;
  private static final long BUSY_NANOS = 200_000_000;
  private static final long RETRY_MILLIS = 60_000;
  private static final int STEPS = 64;
  private static final double SHARE_WHILE_BUSY = 0.3;
  private static final double MOST_DEAD = 0.3;
  private static final double WORTH_COUNTING = 0.05;
  private static final long BUILD_BYTES = 1L << 30;
  private static final int HEAP_BYTES = 300;

  private final Engine engine;
  private final SegmentLog log;
  private final Storage storage;
  private final Indexing indexing;
  private final Indexer indexer;
  private final ReentrantLock working = new ReentrantLock(); // held by who makes parts
  private final ReentrantLock changing = new ReentrantLock(); // guards replacing the list
  private final ReentrantLock loading = new ReentrantLock(); // guards taking in the files
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicBoolean waitsForRest = new AtomicBoolean();
  private final LongAdder died = new LongAdder();
  private volatile Listed listed;
  private volatile Score score;
  private long lastAtStart; // written before it starts
  private volatile boolean started;
  private volatile boolean loaded;
  private volatile boolean closing;
  private volatile boolean stopping;
  private volatile boolean failed;
  private volatile long diedAtCount = Long.MIN_VALUE / 2; // not counted yet
  private int unseen; // the appender's thread's own
  private long lastSeen; // of who works, as the rest
  private long busyUntil;
  private long workedSince;
  private int steps;
  private boolean hurries;

  /// The parts that there are, in the order of their sequence numbers.
  private record Listed(List<MappedPart> parts, Score score, String generation) {
    long coveredTo() {
      return parts.isEmpty() ? 0 : parts.getLast().part().to();
    }
  }

  /// Sequence numbers from one to another, both included.
  private record Range(long from, long to) {}

  /// A part that is to be made.
  ///
  /// @param replaced parts in whose place it comes
  private record Job(Range range, List<MappedPart> replaced, boolean withGraph) {}

  SearchParts(Engine engine, Storage storage, Indexing indexing, Indexer indexer, Score score) {
    this.engine = engine;
    this.log = engine.log();
    this.storage = storage;
    this.indexing = indexing;
    this.indexer = indexer;
    this.score = score;
    this.listed = new Listed(List.of(), score, NO_GENERATION);
  }

  // What there is ----------------------------------------------------------------------------

  /// The parts as they are now, each of them checked. A view that is taken afterwards has nothing
  /// that one of them should have and has not.
  PinnedParts pin() {
    while (true) {
      Listed now = listed();
      Optional<PinnedParts> pinned = PinnedParts.of(now.parts(), now.score(), now.generation());
      if (pinned.isPresent()) {
        return pinned.get();
      }
    }
  }

  /// How far the index is; from counters.
  CollectionStats.SearchIndex figures() {
    Listed now = listed();
    long bytes = 0;
    long linked = 0;
    long coded = 0;
    for (MappedPart each : now.parts()) {
      bytes += each.part().bytes();
      linked += each.part().hasGraph() ? each.part().size() : 0;
      coded += each.part().hasGraph() ? 0 : each.part().size();
    }
    return new CollectionStats.SearchIndex(
        now.parts().size(),
        bytes,
        linked,
        coded,
        log.lastSequence() - now.coveredTo(),
        now.generation());
  }

  /// The parts for those who look.
  List<SearchIndexPart> described() {
    return listed().parts().stream()
        .map(MappedPart::part)
        .map(part ->
            new SearchIndexPart(
                part.fileName(),
                part.from(),
                part.to(),
                part.size(),
                part.hasGraph(),
                part.bytes()))
        .toList();
  }

  /// Names of the files, in the collection's folder.
  List<String> files() throws IOException {
    return storage.list(log.folder()).stream().filter(SearchPart::isPart).toList();
  }

  private void list(List<MappedPart> parts) {
    List<MappedPart> sorted = new ArrayList<>(parts);
    sorted.sort(Comparator.comparingLong(each -> each.part().from()));
    long hash = 0xCBF29CE484222325L; // FNV-1a over what tells them from others
    for (MappedPart each : sorted) {
      for (long word : new long[] {each.part().from(), each.part().to(), each.part().checksum()}) {
        hash = (hash ^ word) * 0x100000001B3L;
        hash ^= hash >>> 29;
      }
    }
    listed =
        new Listed(
            List.copyOf(sorted),
            score,
            sorted.isEmpty() ? NO_GENERATION : String.format("%016x", hash));
  }

  /// Has the files taken in, and begins to follow the writers.
  void start() {
    lastAtStart = log.lastSequence();
    started = true;
    if (!indexer.run(this::takeIn, 0)) {
      takeIn();
    }
  }

  private void takeIn() {
    var _ = listed();
    catchUp();
  }

  /// The parts, once the files are taken in.
  private Listed listed() {
    if (!loaded) {
      loading.lock();
      try {
        if (!loaded && started && !closing) {
          load();
          loaded = true;
        }
      } catch (IOException | SegmentRetiredException e) {
        // What has no part is compared vector by vector; the files are tried again.
        engine.note("search index: " + e.getMessage());
      } finally {
        loading.unlock();
      }
    }
    return listed;
  }

  /// Takes in the files that fit the log, deletes the others.
  private void load() throws IOException {
    List<MappedPart> found = new ArrayList<>();
    for (String file : files()) {
      try {
        found.add(map(log.folder().resolve(file), file));
      } catch (CorruptSearchPartException e) {
        engine.note(file + ": " + e.getMessage() + ": rebuilt");
        drop(file);
      } catch (IOException e) {
        engine.note(file + ": " + e.getMessage() + ": not used");
      }
    }
    // A crash may have left a part beside those that it was merged from.
    found.sort(
        Comparator.comparingLong((MappedPart each) -> each.part().from() - each.part().to()));
    List<MappedPart> kept = new ArrayList<>();
    for (MappedPart each : found) {
      if (kept.stream().noneMatch(other -> overlap(each, other)) && fits(each.part())) {
        kept.add(each);
      } else {
        each.retire();
        drop(each.part().fileName());
      }
    }
    list(kept);
  }

  private void drop(String file) {
    try {
      delete(file);
    } catch (IOException e) {
      engine.note(file + ": " + e.getMessage() + ": still there"); // it is looked at again
    }
  }

  private static boolean overlap(MappedPart a, MappedPart b) {
    return a.part().from() <= b.part().to() && b.part().from() <= a.part().to();
  }

  /// An older collection that was put back may have given the same numbers to other vectors.
  private boolean fits(SearchPart part) {
    try (LogView view = log.view()) {
      return part.to() <= lastAtStart
          && part.isMadeOf((sequence, hash) -> {
            long location = view.locate(sequence);
            return location == Directory.NONE
                || view.segment(location).table().hash(Directory.ordinal(location)) == hash;
          });
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with the part, or here when there is none
  private MappedPart map(Path path, String name) throws IOException {
    Arena arena = Arena.ofShared();
    try (Storage.File file = storage.open(path)) {
      MemorySegment bytes = file.map(0, file.size(), arena);
      SearchPart part =
          SearchPart.open(bytes, log.header().uuid(), score, log.header().dimension());
      if (!part.fileName().equals(name)) {
        throw new CorruptSearchPartException("its contents have another name");
      }
      return new MappedPart(part, arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private void delete(String file) throws IOException {
    if (!log.manifest().isSnapshot()) {
      storage.delete(log.folder().resolve(file));
    }
  }

  /// Compares the files with what was written.
  ///
  /// @return of each that is damaged, its name and why
  Map<String, String> damaged() throws IOException {
    Map<String, String> damaged = new TreeMap<>();
    for (MappedPart each : listed().parts()) {
      String name = each.part().fileName();
      try {
        map(log.folder().resolve(name), name).retire();
      } catch (java.nio.file.NoSuchFileException e) {
        if (listed.parts().contains(each)) {
          damaged.put(name, "is missing");
        }
      } catch (CorruptSearchPartException e) {
        damaged.put(name, String.valueOf(e.getMessage()));
      }
    }
    return damaged;
  }

  // Following the writers --------------------------------------------------------------------

  /// Records were added; on the appender's thread.
  void published(int count) {
    unseen += count;
    if (unseen >= Math.min(LOOK, indexing.least())) {
      unseen = 0;
      catchUp();
    }
    if (isWanted() && waitsForRest.compareAndSet(false, true)) {
      long then = log.lastSequence();
      if (!indexer.run(() -> lookAtRest(then), IDLE_MILLIS)) {
        waitsForRest.set(false);
      }
    }
  }

  /// A record is dead now.
  void died() {
    died.increment();
  }

  private boolean isWanted() {
    return indexing.automatic()
        && started
        && !closing
        && CodeQuery.serves(score)
        && engine.directory().count() >= indexing.least()
        && !log.manifest().isSnapshot();
  }

  /// When nothing is written any more, what is left gets codes, unless it is next to nothing.
  private void lookAtRest(long then) {
    waitsForRest.set(false);
    long now = log.lastSequence();
    if (now != then) {
      if (isWanted() && waitsForRest.compareAndSet(false, true)) {
        indexer.run(() -> lookAtRest(now), IDLE_MILLIS);
      }
      return;
    }
    if (isWanted() && log.lastDurable() > listed().coveredTo()) {
      work(Math.min(AT_REST, soon()));
    }
  }

  /// Indexes, soon, what is not indexed yet.
  void catchUp() {
    if (isWanted() && !failed && scheduled.compareAndSet(false, true)) {
      boolean runs =
          indexer.run(
              () -> {
                scheduled.set(false);
                work(soon());
              },
              0);
      if (!runs) {
        scheduled.set(false);
      }
    }
  }

  /// Indexes everything that is there, and returns when it is done.
  void buildNow() throws IOException {
    if (!CodeQuery.serves(score)
        || log.manifest().isSnapshot()
        || engine.directory().count() < indexing.least()) {
      return;
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    boolean runs =
        indexer.run(
            () -> {
              hurries = true;
              try {
                failed = false;
                make(1);
                done.complete(true);
              } catch (IOException | RuntimeException | Error e) {
                done.completeExceptionally(e);
              } finally {
                hurries = false;
              }
            },
            0);
    if (!runs) {
      return;
    }
    try {
      done.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case CancellationException _ -> {} // the collection is being closed
        case IOException io -> throw io;
        case RuntimeException known -> throw known;
        case null, default -> throw new IOException(e.getCause());
      }
    }
  }

  private void work(int leastUncovered) {
    try {
      make(leastUncovered);
    } catch (CancellationException e) {
      // The collection is being closed, or purged.
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // A full disk, most likely: what has no part is compared vector by vector.
      failed = true;
      if (!closing) {
        engine.note("search index: " + e.getMessage());
        indexer.run(this::tryAgain, RETRY_MILLIS);
      }
    }
  }

  private void tryAgain() {
    failed = false;
    catchUp();
  }

  private void make(int leastUncovered) throws IOException {
    working.lock();
    try {
      var _ = listed();
      // What comes meanwhile is taken when it is more than a little.
      long until = log.lastDurable();
      for (Optional<Job> job = next(leastUncovered, until);
          job.isPresent() && !closing && !stopping;
          job = next(leastUncovered, until)) {
        run(job.get());
      }
    } finally {
      working.unlock();
    }
  }

  // What to do next --------------------------------------------------------------------------

  private Optional<Job> next(int leastUncovered, long until) {
    return codes(leastUncovered, until)
        .or(this::graph)
        .or(this::renewed)
        .or(this::merged)
        .or(this::absorbed);
  }

  /// Codes for what no part covers.
  private Optional<Job> codes(int leastUncovered, long until) {
    Listed now = listed;
    long last = log.lastDurable();
    long from = 1;
    for (MappedPart each : now.parts()) {
      Optional<Job> gap = codes(from, each.part().from() - 1, leastUncovered);
      if (gap.isPresent()) {
        return gap;
      }
      from = each.part().to() + 1;
    }
    return codes(from, last, from <= until ? leastUncovered : soon());
  }

  private int soon() {
    return Math.min(SOON, indexing.least());
  }

  private Optional<Job> codes(long from, long to, int least) {
    long writes = to - from + 1;
    // Of many writes that left few vectors, a part is made as well: not to count them again and
    // again, nor to keep those waiting who wait for a backlog of deletes.
    long many =
        indexing.mostBacklog() > 0
            ? Math.min(MANY_WRITES, indexing.mostBacklog() / 2)
            : MANY_WRITES;
    boolean isWorthIt = writes >= least && (writes >= many || count(new Range(from, to)) >= least);
    if (!isWorthIt) {
      return Optional.empty();
    }
    return Optional.of(new Job(new Range(from, to), List.of(), false));
  }

  /// A graph for neighbours that have codes alone, when they are many; else one part of them, when
  /// they are very small.
  private Optional<Job> graph() {
    List<MappedPart> run = new ArrayList<>();
    for (MappedPart each : listed.parts()) {
      boolean goesOn = !each.part().hasGraph() && fitsTogether(run, each);
      Optional<Job> job = goesOn ? Optional.empty() : graph(run);
      if (job.isPresent()) {
        return job;
      }
      if (!goesOn) {
        run.clear();
      }
      if (!each.part().hasGraph()) {
        run.add(each);
      }
    }
    return graph(run);
  }

  private Optional<Job> graph(List<MappedPart> run) {
    long size = size(run);
    return size >= indexing.least() || run.size() > MOST_CODED
        ? Optional.of(together(run, size >= indexing.least()))
        : Optional.empty();
  }

  private static long size(List<MappedPart> parts) {
    return parts.stream().mapToLong(each -> each.part().size()).sum();
  }

  private static Job together(List<MappedPart> run, boolean withGraph) {
    Range range = new Range(run.getFirst().part().from(), run.getLast().part().to());
    return new Job(range, List.copyOf(run), withGraph);
  }

  /// A part again whose vectors are mostly dead.
  private Optional<Job> renewed() {
    Listed now = listed;
    long deaths = died.sum();
    if (deaths - diedAtCount < WORTH_COUNTING * size(now.parts())) {
      return Optional.empty();
    }
    for (MappedPart each : now.parts()) {
      SearchPart part = each.part();
      if (part.size() - count(new Range(part.from(), part.to())) > MOST_DEAD * part.size()) {
        return Optional.of(together(List.of(each), part.hasGraph()));
      }
    }
    diedAtCount = deaths;
    return Optional.empty();
  }

  /// Neighbours of about one size in one.
  private Optional<Job> merged() {
    List<MappedPart> run = new ArrayList<>();
    for (MappedPart each : listed.parts()) {
      boolean goesOn =
          !run.isEmpty() && tier(run.getFirst()) == tier(each) && fitsTogether(run, each);
      if (!goesOn) {
        run.clear();
      }
      if (each.part().hasGraph()) {
        run.add(each);
      }
      if (run.size() == MOST_OF_A_TIER) {
        return Optional.of(together(run, true));
      }
    }
    return Optional.empty();
  }

  /// What little is left of a part together with its neighbour. New ones, at the end, wait for
  /// more.
  private Optional<Job> absorbed() {
    List<MappedPart> parts = listed.parts();
    for (int i = 0; i + 1 < parts.size(); i++) {
      MappedPart part = parts.get(i);
      MappedPart next = parts.get(i + 1);
      boolean isSmall =
          Math.min(
                  part.part().size(),
                  next.part().hasGraph() ? next.part().size() : Integer.MAX_VALUE)
              < indexing.least() / SMALL_SHARE;
      boolean isOld = part.part().hasGraph() || next.part().hasGraph();
      if (isSmall && isOld && fitsTogether(List.of(part), next)) {
        return Optional.of(together(List.of(part, next), true));
      }
    }
    return Optional.empty();
  }

  private int tier(MappedPart part) {
    int tier = 0;
    for (long size = indexing.least(); size <= part.part().size(); size *= TIER_FACTOR) {
      tier++;
    }
    return tier;
  }

  private boolean fitsTogether(List<MappedPart> run, MappedPart next) {
    return size(run) + next.part().size() <= mostVectors()
        && (run.isEmpty() || next.part().to() - run.getFirst().part().from() < 1L << 32);
  }

  /// No part has more: it could not be made in the memory there is.
  private long mostVectors() {
    long each = PartBuilder.bytesPerVector(score, log.header().dimension());
    return Math.max(
        indexing.least(),
        Math.min(BUILD_BYTES / each, Runtime.getRuntime().maxMemory() / 4 / HEAP_BYTES));
  }

  /// How many vectors of a range are live.
  private long count(Range range) {
    try (LogView view = log.view()) {
      LongAdder count = new LongAdder();
      forEach(view, range, (_, _) -> count.increment());
      return count.sum();
    }
  }

  /// Does something with a record.
  @FunctionalInterface
  private interface Consumer {
    void accept(Segment segment, int ordinal);
  }

  private static void forEach(LogView view, Range range, Consumer consumer) {
    for (int i = 0; i < view.segments().size(); i++) {
      Segment segment = view.segments().get(i);
      int end = Math.min(view.count(i), segment.table().firstAtOrAfter(range.to + 1));
      for (int ordinal = segment.table().firstAtOrAfter(range.from); ordinal < end; ordinal++) {
        if (segment.table().kind(ordinal) == RecordKind.UPSERT && view.isLive(segment, ordinal)) {
          consumer.accept(segment, ordinal);
        }
      }
    }
  }

  // Making parts -----------------------------------------------------------------------------

  private void run(Job job) throws IOException {
    workedSince = System.nanoTime();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = make(job, arena);
      replace(bytes, job.replaced);
    }
  }

  private MemorySegment make(Job job, Arena arena) throws IOException {
    Range range = job.range;
    PartBuilder builder;
    try (LogView view = log.view()) {
      LongAdder live = new LongAdder();
      forEach(view, range, (_, _) -> live.increment());
      long most = mostVectors();
      long count = live.sum();
      Range limited = count <= most ? range : new Range(range.from, lastOf(view, range, most));
      builder = builder(limited, (int) Math.min(count, most), job.withGraph, arena);
      add(view, limited, builder, (int) Math.min(count, most));
    }
    return builder.build(
        job.replaced.stream().map(MappedPart::part).toList(), () -> breathe(job.withGraph));
  }

  private PartBuilder builder(Range range, int count, boolean withGraph, Arena arena) {
    return new PartBuilder(
        log.header().uuid(),
        score,
        log.header().dimension(),
        range.from,
        range.to,
        count,
        withGraph,
        arena);
  }

  private long lastOf(LogView view, Range range, long most) {
    long[] seen = {0, range.to};
    forEach(
        view,
        range,
        (segment, ordinal) -> {
          if (++seen[0] == most) {
            seen[1] = segment.table().sequence(ordinal);
          }
        });
    return seen[1];
  }

  private void add(LogView view, Range range, PartBuilder builder, int count) {
    int every = Math.max(1, count / PartBuilder.SAMPLE);
    float[] vector = new float[log.header().dimension()];
    Engine.Reader reader = engine.take();
    try {
      int[] at = {0};
      forEach(
          view,
          range,
          (segment, ordinal) -> {
            if (at[0]++ % every == 0 && read(segment, ordinal, reader, vector)) {
              builder.sample(vector);
              pause();
            }
          });
      forEach(
          view,
          range,
          (segment, ordinal) -> {
            long sequence = segment.table().sequence(ordinal);
            if (read(segment, ordinal, reader, vector)) {
              builder.add(sequence, segment.table().hash(ordinal), vector);
            } else {
              builder.leaveOut(sequence);
            }
            pause();
          });
    } finally {
      engine.give(reader);
    }
  }

  private boolean read(Segment segment, int ordinal, Engine.Reader reader, float[] vector) {
    try {
      engine.read(segment, ordinal, reader, vector);
      return true;
    } catch (IOException e) {
      return false; // whoever meets it by comparing all vectors reports it
    }
  }

  /// Puts a new part, in memory, in the place of others.
  private void replace(MemorySegment bytes, List<MappedPart> replaced) throws IOException {
    SearchPart made = SearchPart.open(bytes, log.header().uuid(), score, log.header().dimension());
    Path path = log.folder().resolve(made.fileName());
    boolean isNew = replaced.stream().noneMatch(old -> isSameFile(old, made));
    if (isNew) {
      storage.replace(path, bytes);
    }
    changing.lock();
    try {
      if (closing || stopping) {
        if (isNew) {
          storage.delete(path);
        }
        throw new CancellationException();
      }
      MappedPart mapped = map(path, made.fileName());
      List<MappedPart> parts = new ArrayList<>(listed.parts());
      parts.removeAll(replaced);
      parts.add(mapped);
      list(parts);
    } finally {
      changing.unlock();
    }
    for (MappedPart old : replaced) {
      old.retire();
      if (!isSameFile(old, made)) {
        storage.delete(log.folder().resolve(old.part().fileName()));
      }
    }
  }

  private static boolean isSameFile(MappedPart old, SearchPart made) {
    return old.part().fileName().equals(made.fileName());
  }

  private void breathe(boolean isLong) throws IOException {
    pause();
    // A graph takes minutes: meanwhile new vectors get their codes.
    if (isLong && steps == 0 && log.lastDurable() - listed.coveredTo() >= tail()) {
      Optional<Job> tail = codes(soon(), 0);
      if (tail.isPresent()) {
        run(tail.get());
      }
    }
  }

  private long tail() {
    return Math.max(indexing.least(), figures().coded() / 4);
  }

  /// Lets others work: while they write it works a share of the time only.
  private void pause() {
    if (closing || stopping) {
      throw new CancellationException();
    }
    steps = (steps + 1) % STEPS;
    if (steps != 0) {
      return;
    }
    long now = System.nanoTime();
    long sequence = log.lastSequence();
    if (sequence != lastSeen) {
      lastSeen = sequence;
      busyUntil = now + BUSY_NANOS;
    }
    if (!hurries && now - busyUntil < 0) {
      LockSupport.parkNanos((long) ((now - workedSince) * (1 / SHARE_WHILE_BUSY - 1)));
    }
    workedSince = System.nanoTime();
  }

  // Others' wishes ---------------------------------------------------------------------------

  /// Waits while too many writes are not indexed yet, if the settings say so.
  void awaitBacklog() {
    long most = indexing.mostBacklog();
    while (most > 0 && isWanted() && !failed && log.lastDurable() - listed().coveredTo() > most) {
      catchUp();
      LockSupport.parkNanos(1_000_000);
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }

  /// Vectors are compared by another metric from now on.
  void setScore(Score changed) throws IOException {
    if (changed != score) {
      stop(() -> {
        score = changed;
        return listed.parts();
      });
      catchUp();
    }
  }

  /// Deletes the parts that hold anything that is not live any more.
  void purge() throws IOException {
    stop(() ->
        listed.parts().stream()
            .filter(each -> {
              SearchPart part = each.part();
              return count(new Range(part.from(), part.to())) < part.size();
            })
            .toList());
    catchUp();
  }

  /// Tells, while nothing is being made, which parts are to go.
  @FunctionalInterface
  private interface Choice {
    List<MappedPart> choose();
  }

  private void stop(Choice choice) throws IOException {
    stopping = true;
    working.lock();
    try {
      var _ = listed();
      changing.lock();
      try {
        List<MappedPart> gone = choice.choose();
        List<MappedPart> kept = new ArrayList<>(listed.parts());
        kept.removeAll(gone);
        list(kept);
        for (MappedPart each : gone) {
          each.retire();
          delete(each.part().fileName());
        }
      } finally {
        changing.unlock();
      }
    } catch (SegmentRetiredException e) {
      throw new IOException(e);
    } finally {
      stopping = false;
      working.unlock();
    }
  }

  /// Ends what is under way.
  @Override
  public void close() {
    closing = true;
    working.lock();
    loading.lock();
    try {
      changing.lock();
      try {
        List<MappedPart> parts = listed.parts();
        list(List.of());
        parts.forEach(MappedPart::retire);
      } finally {
        changing.unlock();
      }
    } finally {
      loading.unlock();
      working.unlock();
    }
  }
}
