package io.sonidb.store;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.SyncFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The log of one collection: every record, in the order of its sequence number, in segments.
///
/// # Writing
///
/// The [Appender] takes the records of all callers in turn and writes them in groups.
///
/// # Segments
///
/// A batch never spans two segments, and a segment is synced before the next one is written to. The
/// next segment is prepared in the background when the current one is half full. Full ones are
/// sealed in the background, several side by side ([SealQueue]); when there are more than
/// [#SEAL_BACKLOG], or, in a large collection, [#MAX_SEAL_BACKLOG], writers wait too.
///
/// # Threads
///
/// `manifestLock` guards the manifest and the list of segments. Threads of callers never touch a
/// file channel.
public final class SegmentLog implements AutoCloseable {
  /// Segments that may wait for sealing, or be sealed, before writers wait for them: some are
  /// sealed side by side while as many others fill up.
  static final int SEAL_BACKLOG = 8;

  /// The same where it is a third of all segments, or less: then as many are sealed side by side as
  /// is fastest.
  static final int MAX_SEAL_BACKLOG = 16;

  /// Most bytes of one batch.
  public static final long MAX_BATCH_BYTES = 64L << 20;

  /// No record is longer.
  public static final int MAX_RECORD_BYTES = Recovery.MAX_RECORD_BYTES;

  /// Name of the SFV file in the collection's folder.
  public static final String SFV_FILE = "index.sfv";

  /// Hears, on the appender's thread, which records became visible.
  public interface Listener {
    /// Records were added.
    ///
    /// @param from first ordinal of the new records in the segment's table
    /// @param to ordinal behind the last one
    void published(Segment segment, int from, int to);

    /// A record was copied into a segment that readers do not see yet.
    void moved(Segment from, int fromOrdinal, Segment to, int toOrdinal);

    /// A segment is complete, or a complete one has taken the place of others; from any thread.
    default void sealed() {}

    /// Sequence number of the newest record of an id that has a vector, else 0; from any thread.
    long sequenceOf(VectorId id);

    /// The time, in milliseconds since 1970; from any thread.
    long nowMillis();
  }

  /// What a caller wants to append.
  public interface Records {
    /// How many records.
    int count();

    /// The record at `index`.
    ///
    /// @param sequence its number
    /// @param continues whether another record of the same batch follows
    /// @param acknowledged sequence number up to which everything is durable, -1 to leave it out
    SoundRecord record(int index, long sequence, boolean continues, long acknowledged);

    /// About how many bytes all of them take when encoded.
    long bytes();

    /// What must hold for them to be written.
    default Optional<Precondition> precondition() {
      return Optional.empty();
    }
  }

  private final Storage storage;
  private final Path folder;
  private final Path segmentFolder;
  private final Sealer sealer;
  private final List<String> notes;
  private final List<DamagedRange> damageAtOpen;

  private final Object manifestLock = new Object();
  private volatile Manifest manifest; // replaced under manifestLock
  private volatile @Nullable Segment[]
      segments; // indexed by number; those that do not exist are null
  private volatile List<Segment> order; // replaced under manifestLock
  private volatile boolean dirty;
  private int reserved; // guarded by manifestLock
  private boolean isReleased; // guarded by manifestLock

  private final Semaphore sealBacklog = new Semaphore(SEAL_BACKLOG);
  private int mostUnsealed = SEAL_BACKLOG; // the sealing thread's own
  private final ExecutorService sealing;
  private final SealQueue unsealed = new SealQueue(System::nanoTime);
  private volatile Optional<IOException> sealFailure = Optional.empty();
  private Optional<Listener> listener = Optional.empty();
  private final Appender appender;
  private final Compaction compaction;

  // The appender's thread's own.
  private Optional<CompletableFuture<SegmentWriter>> prepared = Optional.empty();

  SegmentLog(LogOpening opened, Storage storage, Path folder, Executor cores, int coreCount) {
    this.storage = storage;
    this.folder = folder;
    this.segmentFolder = folder.resolve(SegmentFormat.FOLDER);
    this.manifest = opened.manifest();
    this.sealer = new Sealer(storage, segmentFolder);
    this.order = List.copyOf(opened.segments());
    this.segments = byNumber(order);
    this.notes = new CopyOnWriteArrayList<>(opened.notes());
    this.damageAtOpen = opened.damage();
    this.dirty = opened.saysInUse();
    CollectionHeader header = manifest.header();
    this.sealing =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("sonidb-seal-" + header.name()).factory());
    this.appender =
        new Appender(
            new Growing(), header, opened.writer(), opened.lastSequence(), cores, coreCount);
    this.compaction = new Compaction(this, storage, segmentFolder, sealer);
  }

  private static @Nullable Segment[] byNumber(List<Segment> order) {
    int last = order.stream().mapToInt(Segment::number).max().orElse(1);
    @Nullable Segment[] all = new Segment[last + 1];
    order.forEach(segment -> all[segment.number()] = segment);
    return all;
  }

  /// Creates the folder and manifest of an empty collection.
  public static void create(
      Storage storage, Path folder, CollectionHeader header, Manifest.Settings settings)
      throws IOException {
    storage.createFolders(folder.resolve(SegmentFormat.FOLDER));
    Manifest.empty(header, settings).write(storage, folder);
  }

  /// Opens a collection's log, recovering what a crash left.
  ///
  /// @param cores runs the encoding of large batches
  /// @param coreCount how many pieces such a batch is cut into
  public static SegmentLog open(Storage storage, Path folder, Executor cores, int coreCount)
      throws IOException {
    return new SegmentLog(LogOpening.open(storage, folder), storage, folder, cores, coreCount);
  }

  /// Begins to seal what was left open, and tells `listener` of every record from now on.
  ///
  /// @param compacts whether segments are compacted whenever it is worth it
  public void start(Listener listener, boolean compacts) {
    this.listener = Optional.of(listener);
    Optional<SegmentWriter> writer = appender.writer();
    for (Segment segment : segments()) {
      boolean current = writer.isPresent() && writer.get().segment().number() == segment.number();
      if (!segment.isSealed() && !current && segment.table().count() > 0) {
        sealSoon(new SealQueue.Waiting(segment, Optional.empty(), () -> {}));
      }
    }
    if (compacts) {
      compaction.begin();
    }
  }

  /// What the collection is.
  public CollectionHeader header() {
    return manifest().header();
  }

  /// The manifest as it is now.
  public Manifest manifest() {
    return manifest;
  }

  /// The collection's folder.
  public Path folder() {
    return folder;
  }

  /// What was repaired when the log was opened, for people.
  public List<String> notes() {
    return notes;
  }

  /// Damage that was found when the log was opened.
  public List<DamagedRange> damageAtOpen() {
    return damageAtOpen;
  }

  /// Up to this sequence number deletes may be missing: from [#segments] that are asked for
  /// afterwards, all deletes behind it can be read as long as it stays.
  public long horizon() {
    synchronized (manifestLock) { // it rises before the segments change
      return manifest.horizon();
    }
  }

  /// The segments in the order of their sequence numbers.
  public List<Segment> segments() {
    return order;
  }

  /// The segment of a number that [#segments] or a published location named.
  ///
  /// @throws SegmentRetiredException if it was compacted since
  public Segment segment(int number) {
    @Nullable Segment[] now = segments;
    Segment segment = number < now.length ? now[number] : null;
    if (segment == null) {
      throw new SegmentRetiredException(number);
    }
    return segment;
  }

  /// Location of the record with a sequence number, or [Directory#NONE].
  ///
  /// @throws SegmentRetiredException if compaction came in between
  public long locate(long sequence) {
    return LogView.locate(order, sequence);
  }

  /// The log as it is now, kept until it is closed.
  @SuppressWarnings("ReferenceEquality") // the very list: an equal one may have come back
  public LogView view() {
    while (true) {
      List<Segment> now = order;
      long asOf = appender.lastPublished();
      // What compaction left out by now was superseded by then.
      if (now == order) {
        Optional<LogView> view = LogView.of(now, asOf);
        if (view.isPresent()) {
          return view.get();
        }
      }
    }
  }

  /// A record is superseded or deleted; on the thread that hears what was published.
  ///
  /// @param sequence number of the write that did it
  public void kill(long location, long sequence) {
    Segment segment = segment(Directory.segment(location));
    int ordinal = Directory.ordinal(location);
    int length = segment.table().length(ordinal);
    segment.liveness().kill(ordinal, sequence, length);
    compaction.died(length);
  }

  /// Whether there is a segment of that number.
  public boolean hasSegment(int number) {
    @Nullable Segment[] now = segments;
    return number > 0 && number < now.length && now[number] != null;
  }

  /// Sequence number up to which everything is visible, and durable if writes are synced.
  public long lastSequence() {
    return appender.lastPublished();
  }

  /// Whether a sync failed, so that nothing can be written until the log is opened again.
  public boolean hasFailed() {
    return appender.hasFailed();
  }

  /// Waits until a record with this sequence number is visible.
  ///
  /// @return whether it is
  public boolean awaitPublished(long sequence, long timeoutNanos) throws InterruptedException {
    return appender.awaitPublished(sequence, timeoutNanos);
  }

  /// Waits until a record with this sequence number is visible, the log is closed, or nobody waits
  /// any more.
  ///
  /// @param isOver asked again after each call of [#wake]
  /// @return whether it is visible
  public boolean awaitPublished(long sequence, long timeoutNanos, BooleanSupplier isOver)
      throws InterruptedException {
    return appender.awaitPublished(sequence, timeoutNanos, isOver);
  }

  /// Has all who wait in [#awaitPublished] look whether they still want to.
  public void wake() {
    appender.wake();
  }

  /// @param bytes of a batch, about
  /// @throws IllegalArgumentException if one so large cannot be appended
  public static void checkBatch(long bytes) {
    if (bytes > MAX_BATCH_BYTES) {
      throw new IllegalArgumentException(
          "a batch of about " + bytes + " bytes exceeds " + MAX_BATCH_BYTES + ": split it");
    }
  }

  /// Appends records, all or none, and returns when they are durable and visible.
  ///
  /// @return the sequence number of the last one
  /// @throws PreconditionFailedException if their precondition does not hold
  /// @throws IOException if they could not be written; then none of them is there
  public long append(Records records) throws IOException {
    return appender.append(records);
  }

  /// Appends records under the numbers that they have elsewhere, all or none, and returns when they
  /// are durable and visible. For a log to which nobody else appends.
  ///
  /// @param first number of the first one, the next of this log; the others have those behind it
  /// @throws IOException if they could not be written, and may come again
  public void copy(long first, Records records) throws IOException {
    appender.copy(first, records);
  }

  /// Leaves out numbers of which there is no record elsewhere. For a log to which nobody else
  /// appends.
  ///
  /// @param last the last one of them; nothing is done if it is there
  public void skipTo(long last) throws IOException {
    appender.skipTo(last);
  }

  /// Runs `task` on the appender's thread, between two groups: nothing is written meanwhile.
  public <T> T exclusively(Callable<T> task) throws IOException {
    return appender.exclusively(task);
  }

  /// The segments as the appender sees them.
  private final class Growing implements Appender.Segments {
    @Override
    public void markWritten() throws IOException {
      noteInUse();
    }

    @Override
    public SegmentWriter next() throws IOException {
      return nextWriter();
    }

    @Override
    public void published(Segment segment, int from, int to) {
      listener.orElseThrow().published(segment, from, to);
    }

    @Override
    public void prepare(SegmentWriter current) {
      prepareNext(current);
    }

    @Override
    public void full(SegmentWriter full) {
      sealBacklog.acquireUninterruptibly();
      sealSoon(new SealQueue.Waiting(full.segment(), Optional.of(full), sealBacklog::release));
    }

    @Override
    public long segmentBytes() {
      return manifest.segmentBytes();
    }

    @Override
    public boolean syncsWrites() {
      return manifest.syncsWrites();
    }
  }

  /// Before the first write the manifest says that the collection is in use.
  private void noteInUse() throws IOException {
    if (!dirty) {
      synchronized (manifestLock) {
        update(manifest.next(false, manifest.segments()));
      }
      dirty = true;
    }
  }

  private void update(Manifest next) throws IOException {
    if (isReleased) {
      throw new IOException("the collection is closed"); // somebody else may have it open by now
    }
    appender.checkNotFailed();
    next.write(storage, folder);
    manifest = next;
  }

  private SegmentWriter nextWriter() throws IOException {
    if (prepared.isPresent()) {
      CompletableFuture<SegmentWriter> next = prepared.get();
      prepared = Optional.empty();
      try {
        return next.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
      }
    }
    return createSegment();
  }

  private void prepareNext(SegmentWriter current) {
    if (prepared.isEmpty() && current.end() > manifest.segmentBytes() / 2) {
      CompletableFuture<SegmentWriter> next = new CompletableFuture<>();
      prepared = Optional.of(next);
      Thread.ofPlatform()
          .daemon()
          .name("sonidb-prepare-" + header().name())
          .start(() -> {
            try {
              next.complete(createSegment());
            } catch (IOException | RuntimeException | Error e) {
              next.completeExceptionally(e);
            }
          });
    }
  }

  /// The number after all that are named or lie in the folder with frames: an older manifest that
  /// was put back must not make a file of later records be overwritten.
  private int nextNumber() throws IOException {
    int last = Math.max(manifest.nextNumber() - 1, reserved);
    for (String file : storage.list(segmentFolder)) {
      if (SegmentFormat.isSegmentName(file)
          && SegmentFormat.numberOf(file) > last
          && sizeOf(segmentFolder.resolve(file)) > SegmentFormat.HEAD_SIZE) {
        last = SegmentFormat.numberOf(file);
      }
    }
    return last + 1;
  }

  private SegmentWriter createSegment() throws IOException {
    synchronized (manifestLock) {
      int number = nextNumber();
      if (number > SegmentFormat.MAX_NUMBER) {
        throw new IOException("the collection has as many segments as there can be: " + number);
      }
      String name = SegmentFormat.fileName(manifest.epoch(), number);
      Path path = segmentFolder.resolve(name);
      storage.delete(path); // an empty one that a crash left behind before the manifest named it
      byte[] head =
          SegmentFormat.openHead(manifest.header(), manifest.epoch(), number, Optional.empty());
      Storage.File file = storage.create(path);
      try {
        file.write(0, ByteBuffer.wrap(head));
        file.sync();
        storage.syncFolder(segmentFolder);
        List<Manifest.SegmentEntry> entries = new ArrayList<>(manifest.segments());
        entries.add(
            Manifest.SegmentEntry.open(number, name, manifest.header(), Sealer.crcOf(head)));
        update(manifest.next(false, entries));
      } catch (IOException e) {
        file.close();
        throw e;
      }
      Segment segment = new Segment(number, name, RecordTable.growing());
      segment.setEnd(SegmentFormat.HEAD_SIZE);
      List<Segment> longer = new ArrayList<>(order);
      longer.add(segment);
      show(longer);
      return new SegmentWriter(segment, file, SegmentFormat.HEAD_SIZE, 0);
    }
  }

  private void sealSoon(SealQueue.Waiting segment) {
    unsealed.add(segment);
    sealing.execute(this::sealWaiting);
  }

  /// Seals all that wait; those that came together are sealed by the first of their tasks.
  private void sealWaiting() {
    // Some are sealed side by side while as many others fill up; in a small collection fewer, since
    // only what is sealed can be compacted.
    int enough = Math.min(mostUnsealed / 2, order.size() / 3);
    List<SealQueue.Waiting> waiting = unsealed.take(enough);
    try {
      List<Sealer.Job> jobs = new ArrayList<>();
      for (SealQueue.Waiting each : waiting) {
        begin(each).ifPresent(jobs::add);
      }
      if (!jobs.isEmpty()) {
        nameSealed(sealer.seal(jobs, (_, reason) -> noteSealFailure(reason)));
      }
    } catch (IOException | RuntimeException | Error e) {
      noteSealFailure(e);
    } finally {
      waiting.forEach(each -> each.done().run());
    }
  }

  private Optional<Sealer.Job> begin(SealQueue.Waiting waiting) {
    try {
      if (waiting.writer().isPresent()) {
        waiting.writer().get().file().close();
      }
      appender.checkNotFailed();
      Segment segment = waiting.segment();
      segment.beginSealing();
      return Optional.of(new Sealer.Job(manifest.entry(segment.number()).orElseThrow(), segment));
    } catch (IOException | RuntimeException e) {
      noteSealFailure(e);
      return Optional.empty();
    }
  }

  private void noteSealFailure(Throwable e) {
    IOException reason = e instanceof IOException io ? io : new IOException(e.toString(), e);
    if (e instanceof SyncFailedException) {
      appender.fail(reason);
    }
    sealFailure = Optional.of(reason);
  }

  /// Names what was sealed in the manifest, and has readers use it.
  private void nameSealed(List<Sealer.Outcome> outcomes) throws IOException {
    if (outcomes.isEmpty()) {
      return;
    }
    synchronized (manifestLock) {
      update(manifest.with(outcomes.stream().map(Sealer.Outcome::entry).toList()));
      writeSfv();
    }
    for (Sealer.Outcome outcome : outcomes) {
      Segment segment = outcome.segment();
      segment.seal(outcome.bytes(), outcome.table());
      storage.delete(segmentFolder.resolve(SegmentFormat.indexName(segment.file(), false)));
    }
    while (mostUnsealed < Math.min(MAX_SEAL_BACKLOG, order.size() / 3)) {
      mostUnsealed++;
      sealBacklog.release();
    }
    compaction.consider();
    listener.ifPresent(Listener::sealed);
  }

  /// The segments that readers find from now on; under the manifest's lock.
  private void show(List<Segment> now) {
    // By number first: a location that leads to a new segment must find it.
    segments = byNumber(now);
    order = List.copyOf(now);
  }

  /// A number for a segment that the manifest does not name yet.
  int reserveNumber() throws IOException {
    synchronized (manifestLock) {
      reserved = nextNumber();
      return reserved;
    }
  }

  /// Puts a compacted segment in the place of those that it was made of: on disk by one replacement
  /// of the manifest, in memory between two groups of writes.
  void swap(Compactor.Made made) throws IOException {
    appender.exclusively(() -> {
      synchronized (manifestLock) {
        nameInstead(made);
        Segment to = made.segment();
        List<Segment> both = new ArrayList<>(order);
        both.add(to);
        segments = byNumber(both);
        move(made, to);
        List<Segment> now = new ArrayList<>(order);
        now.set(now.indexOf(made.inputs().getFirst()), to);
        now.removeAll(made.inputs());
        show(now);
        try {
          writeSfv();
        } catch (IOException e) {
          notes.add(SFV_FILE + " is not up to date: " + e.getMessage());
        }
      }
      for (Segment input : made.inputs()) {
        input.retire(() -> deleteFiles(input));
      }
      return made;
    });
    listener.orElseThrow().sealed();
  }

  private void nameInstead(Compactor.Made made) throws IOException {
    long generation = manifest.generation();
    try {
      replaceEntries(made);
    } catch (SyncFailedException e) {
      appender.fail(e); // nobody knows which manifest the disk holds
      throw e;
    } catch (IOException e) {
      if (Manifest.read(storage, folder).generation() == generation) {
        made.segment().retire(() -> deleteFiles(made.segment()));
      }
      throw e;
    }
  }

  private void replaceEntries(Compactor.Made made) throws IOException {
    List<Manifest.SegmentEntry> entries = new ArrayList<>();
    for (Manifest.SegmentEntry entry : manifest.segments()) {
      boolean isInput = made.inputs().stream().anyMatch(input -> input.number() == entry.number());
      if (!isInput) {
        entries.add(entry);
      } else if (entry.number() == made.inputs().getFirst().number()) {
        entries.add(made.outcome().entry());
      }
    }
    update(manifest.next(manifest.clean(), entries).withHorizon(made.droppedDelete()));
  }

  private void move(Compactor.Made made, Segment to) {
    Compactor.Origins origins = made.origins();
    for (int ordinal = 0; ordinal < origins.count(); ordinal++) {
      int length = to.table().length(ordinal);
      if (origins.input(ordinal) < 0) {
        to.liveness().kill(ordinal, 0, length);
        continue;
      }
      Segment from = made.inputs().get(origins.input(ordinal));
      int fromOrdinal = origins.ordinal(ordinal);
      if (from.liveness().isLive(fromOrdinal)) {
        listener.orElseThrow().moved(from, fromOrdinal, to, ordinal);
      } else {
        to.liveness().kill(ordinal, from.liveness().deadSince(fromOrdinal), length);
      }
    }
  }

  /// What cannot be deleted is deleted by the next start.
  private void deleteFiles(Segment retired) {
    try {
      storage.delete(segmentFolder.resolve(retired.file()));
      storage.delete(segmentFolder.resolve(SegmentFormat.indexName(retired.file(), true)));
      storage.delete(segmentFolder.resolve(SegmentFormat.payloadIndexName(retired.file())));
    } catch (IOException e) {
      notes.add(SegmentFormat.FOLDER + "/" + retired.file() + " is left: " + e.getMessage());
    }
  }

  /// Rewrites segments now, and returns when it is done.
  ///
  /// @param purge whether everything that was superseded or deleted goes for good, whoever may
  ///   still want to hear of it; otherwise what is worth it
  public void compact(boolean purge, WorkProgress progress) throws IOException {
    if (purge || compaction.isSealingWorthwhile()) {
      sealAll(); // what is dead in the open segment can be given back only then
    }
    compaction.now(purge, progress);
    if (purge) {
      deleteTorn();
    }
  }

  /// Makes the collection something else from now on. Segments that there are keep their heads
  /// until compaction rewrites them.
  public void alter(CollectionHeader header, Manifest.Settings settings) throws IOException {
    synchronized (manifestLock) {
      update(manifest.altered(header, settings));
    }
    appender.soundBy(header.format());
    compaction.consider();
  }

  /// From now on, in the epoch after this one, it is written to.
  ///
  /// @param derived names of files in the collection's folder that say what it was a copy of
  public void promote(List<String> derived) throws IOException {
    exclusively(() -> {
      synchronized (manifestLock) {
        update(manifest.promoted());
        for (String file : derived) {
          storage.delete(folder.resolve(file));
        }
      }
      appender.endSegment(); // what is written from now on is in a segment of its own
      return this;
    });
    compaction.consider();
  }

  /// From now on nobody writes to it.
  public void demote() throws IOException {
    exclusively(() -> {
      synchronized (manifestLock) {
        update(manifest.demoted());
      }
      return this;
    });
  }

  /// Notes what rounding did to a sample.
  public void noteRounding(Manifest.Rounding measured) throws IOException {
    synchronized (manifestLock) {
      update(manifest.withRounding(measured));
    }
  }

  private void deleteTorn() throws IOException {
    for (String file : storage.list(segmentFolder)) {
      if (file.endsWith(".torn")) {
        storage.delete(segmentFolder.resolve(file));
      }
    }
  }

  /// Sequence number up to which everything survives a power loss.
  public long lastDurable() {
    return appender.lastDurable();
  }

  /// What syncing what was written took until now.
  public Syncs syncs() {
    return appender.syncs();
  }

  Listener listener() {
    return listener.orElseThrow();
  }

  void checkNotFailed() throws IOException {
    appender.checkNotFailed();
  }

  private void writeSfv() throws IOException {
    storage.replace(
        folder.resolve(SFV_FILE),
        ByteBuffer.wrap(Sfv.text(manifest).getBytes(StandardCharsets.UTF_8)));
  }

  /// Seals the open segment, if it holds anything, and waits until nothing is left to seal. What
  /// could not be sealed before is tried again. Writing goes on meanwhile.
  public void sealAll() throws IOException {
    List<Segment> full =
        exclusively(() -> {
          appender.endSegment();
          // Nothing is added any more to those that hold records by now.
          return segments().stream().filter(segment -> segment.table().count() > 0).toList();
        });
    awaitSealing();
    sealFailure = Optional.empty();
    for (Segment segment : full) {
      if (!segment.isSealed()) {
        sealSoon(new SealQueue.Waiting(segment, Optional.empty(), () -> {}));
      }
    }
    awaitSealing();
    synchronized (manifestLock) {
      writeSfv();
    }
    if (sealFailure.isPresent()) {
      throw new IOException(
          "a segment could not be sealed: " + sealFailure.get().getMessage(), sealFailure.get());
    }
  }

  private void awaitSealing() {
    CompletableFuture<Void> idle = new CompletableFuture<>();
    unsealed.hurry();
    try {
      sealing.execute(() -> idle.complete(null));
      idle.join();
    } finally {
      unsealed.relax();
    }
  }

  /// Runs `check` while neither the manifest nor `index.sfv` is being replaced.
  <T> T whileFilesRest(Callable<T> check) throws IOException {
    synchronized (manifestLock) {
      try {
        return check.call();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }

  /// Restores the file metadata of sealed segments where it is damaged, from the audio.
  ///
  /// @return what was repaired, for people
  public List<String> repairHeads(WorkProgress progress) throws IOException {
    List<String> repaired = new ArrayList<>();
    try (LogView view = view()) {
      List<Segment> all = view.segments();
      for (int i = 0; i < all.size(); i++) {
        Segment segment = all.get(i);
        Optional<Manifest.SegmentEntry> entry = manifest.entry(segment.number());
        if (entry.isPresent()
            && entry.get().sealed().isPresent()
            && storage.exists(segmentFolder.resolve(segment.file()))
            && sealer.repairHead(entry.get(), segment.table())) {
          repaired.add(SegmentFormat.FOLDER + "/" + segment.file() + ": file metadata restored");
        }
        progress.update(i + 1, all.size(), "segments");
      }
    }
    return repaired;
  }

  /// Records of sealed segments that were damaged when they were sealed.
  public long damagedInSealed() {
    return manifest().segments().stream()
        .flatMap(entry -> entry.sealed().stream())
        .mapToLong(Manifest.Sealed::damaged)
        .sum();
  }

  /// Deletes every file that can be made again from the audio; the log must be closed and is to be
  /// opened anew.
  ///
  /// @param derived names of such files in the collection's folder that are none of the log's
  public void deleteIndexFiles(List<String> derived) throws IOException {
    for (String file : storage.list(segmentFolder)) {
      if (file.endsWith(".idx") || file.endsWith(SegmentFormat.PAYLOAD_INDEX)) {
        storage.delete(segmentFolder.resolve(file));
      }
    }
    for (String file : derived) {
      storage.delete(folder.resolve(file));
    }
    storage.delete(folder.resolve(SFV_FILE));
  }

  /// Name of the file that holds a segment's payload index, in the collection's folder.
  public static String payloadIndexFile(Segment segment) {
    return SegmentFormat.FOLDER + "/" + SegmentFormat.payloadIndexName(segment.file());
  }

  /// The payload index of a sealed segment that is pinned, mapped as long as its other files; none
  /// if there is no file.
  public Optional<MemorySegment> payloadIndex(Segment segment) throws IOException {
    return payloadIndex(segment, segment.arena());
  }

  /// The payload index of a sealed segment that is pinned, mapped as long as an arena is open; none
  /// if there is no file.
  public Optional<MemorySegment> payloadIndex(Segment segment, Arena arena) throws IOException {
    Path path = segmentFolder.resolve(SegmentFormat.payloadIndexName(segment.file()));
    if (!storage.exists(path)) {
      return Optional.empty();
    }
    try (Storage.File file = storage.open(path)) {
      return Optional.of(file.map(0, file.size(), arena));
    }
  }

  /// Writes the payload index of a sealed segment that is pinned; it is deleted with the segment.
  public void replacePayloadIndex(Segment segment, MemorySegment bytes) throws IOException {
    storage.replace(segmentFolder.resolve(SegmentFormat.payloadIndexName(segment.file())), bytes);
  }

  /// Deletes the payload index of a segment, if there is one.
  public void deletePayloadIndex(Segment segment) throws IOException {
    storage.delete(segmentFolder.resolve(SegmentFormat.payloadIndexName(segment.file())));
  }

  /// Bytes and records of a log.
  ///
  /// @param records in all segments
  /// @param frameBytes of all frames
  /// @param deadBytes of those frames whose record is superseded
  /// @param headerBytes of FLAC metadata in front of them
  /// @param indexBytes of all other files
  /// @param diskBytes of everything
  public record Sizes(
      long records,
      long frameBytes,
      long deadBytes,
      long headerBytes,
      long indexBytes,
      long diskBytes) {}

  /// How much the log takes on disk.
  public Sizes sizes() throws IOException {
    long records = 0;
    long frames = 0;
    long heads = 0;
    long dead = 0;
    for (Segment segment : segments()) {
      records += segment.table().count();
      frames += segment.recordBytes();
      dead += segment.liveness().deadBytes();
      heads += SegmentFormat.HEAD_SIZE;
    }
    long index = 0;
    for (String file : storage.list(segmentFolder)) {
      index += SegmentFormat.isSegmentName(file) ? 0 : sizeOf(segmentFolder.resolve(file));
    }
    for (String file : storage.list(folder)) {
      index += file.equals(SegmentFormat.FOLDER) ? 0 : sizeOf(folder.resolve(file));
    }
    return new Sizes(records, frames, dead, heads, index, frames + heads + index);
  }

  private long sizeOf(Path path) throws IOException {
    try (Storage.File file = storage.open(path)) {
      return file.size();
    } catch (java.nio.file.NoSuchFileException e) {
      return 0; // replaced or sealed meanwhile
    }
  }

  /// Samples of a second of the log's audio.
  public int sampleRateHz() {
    return header().format().audio().sampleRateHz();
  }

  /// The tags that FLAC streams made of this log carry.
  public List<java.util.Map.Entry<String, String>> tags() {
    return SegmentFormat.tags(header());
  }

  /// The file system below.
  public Storage storage() {
    return storage;
  }

  /// Whether [#close] was called.
  public boolean isClosed() {
    return appender.isClosed();
  }

  /// Waits for what is being written, notes that nothing is in flight, and lets go of the files.
  @Override
  public void close() throws IOException {
    if (!appender.stop()) {
      return;
    }
    compaction.stop();
    unsealed.hurry();
    sealing.shutdown();
    awaitTerminationUninterruptibly(sealing);
    if (prepared.isPresent()) {
      prepared.get().handle((next, error) -> next == null ? null : closeQuietly(next)).join();
    }
    Optional<SegmentWriter> writer = appender.writer();
    if (writer.isPresent()) {
      Storage.File file = writer.get().file();
      try {
        if (dirty && !appender.hasFailed()) {
          file.sync();
        }
      } finally {
        file.close();
      }
    }
    synchronized (manifestLock) {
      try {
        if (dirty && !appender.hasFailed()) {
          noteCleanClose();
        }
      } finally {
        isReleased = true;
      }
    }
  }

  private static Void closeQuietly(SegmentWriter unused) {
    try {
      unused.file().close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return null;
  }

  private void noteCleanClose() throws IOException {
    synchronized (manifestLock) {
      List<Manifest.SegmentEntry> entries = new ArrayList<>();
      for (Manifest.SegmentEntry entry : manifest.segments()) {
        Segment segment = segments[entry.number()];
        if (entry.sealed().isPresent() || segment == null || segment.table().count() == 0) {
          entries.add(entry);
          continue;
        }
        RecordTable table = segment.table();
        int last = table.count() - 1;
        long end = segment.end();
        Manifest.IndexFile index =
            sealer.writeIndex(
                entry.header(),
                SegmentFormat.indexName(entry.file(), false),
                entry.number(),
                end,
                table.firstSample(last) + table.samples(last),
                table);
        entries.add(entry.withIndex(end, index));
      }
      update(manifest.next(true, entries));
    }
  }

  static void awaitTerminationUninterruptibly(ExecutorService executor) {
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
