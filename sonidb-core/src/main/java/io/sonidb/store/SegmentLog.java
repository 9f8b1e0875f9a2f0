package io.sonidb.store;

import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.SoundRecord;
import java.io.IOException;
import java.io.SyncFailedException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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
/// sealed in the background; when more than [#SEAL_BACKLOG] wait for it, writers wait too.
///
/// # Threads
///
/// `manifestLock` guards the manifest and the list of segments. Threads of callers never touch a
/// file channel.
public final class SegmentLog implements AutoCloseable {
  /// Segments that may wait for sealing before writers wait for them.
  static final int SEAL_BACKLOG = 4;

  /// Most bytes of one batch.
  public static final long MAX_BATCH_BYTES = 64L << 20;

  /// No record is longer.
  public static final int MAX_RECORD_BYTES = Recovery.MAX_RECORD_BYTES;

  /// Name of the SFV file in the collection's folder.
  public static final String SFV_FILE = "index.sfv";

  /// Hears, on the appender's thread, which records became visible.
  @FunctionalInterface
  public interface Listener {
    /// @param from first ordinal of the new records in the segment's table
    /// @param to ordinal behind the last one
    void published(Segment segment, int from, int to);
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
  private volatile boolean dirty;

  private final Semaphore sealBacklog = new Semaphore(SEAL_BACKLOG);
  private final ExecutorService sealing;
  private volatile Optional<IOException> sealFailure = Optional.empty();
  private Listener listener = (segment, from, to) -> {};
  private final Appender appender;

  // The appender's thread's own.
  private Optional<CompletableFuture<SegmentWriter>> prepared = Optional.empty();

  SegmentLog(LogOpening opened, Storage storage, Path folder, Executor cores, int coreCount) {
    this.storage = storage;
    this.folder = folder;
    this.segmentFolder = folder.resolve(SegmentFormat.FOLDER);
    this.manifest = opened.manifest();
    this.sealer = new Sealer(storage, segmentFolder, manifest.header());
    this.segments = opened.segments();
    this.notes = opened.notes();
    this.damageAtOpen = opened.damage();
    this.dirty = opened.saysInUse();
    CollectionHeader header = manifest.header();
    this.sealing =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("sonidb-seal-" + header.name()).factory());
    this.appender =
        new Appender(
            new Growing(), header, opened.writer(), opened.lastSequence(), cores, coreCount);
  }

  /// Creates the folder and manifest of an empty collection.
  ///
  /// @param syncsWrites whether a write is acknowledged only when it survives a power loss
  /// @param segmentBytes size at which a segment is sealed
  public static void create(
      Storage storage, Path folder, CollectionHeader header, boolean syncsWrites, long segmentBytes)
      throws IOException {
    storage.createFolders(folder.resolve(SegmentFormat.FOLDER));
    new Manifest(header, syncsWrites, segmentBytes, 1, 1, true, List.of()).write(storage, folder);
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
  public void start(Listener listener) {
    this.listener = listener;
    List<Segment> unsealed = new ArrayList<>();
    Optional<SegmentWriter> writer = appender.writer();
    for (Segment segment : segments()) {
      boolean current = writer.isPresent() && writer.get().segment().number() == segment.number();
      if (!segment.isSealed() && !current && segment.table().count() > 0) {
        unsealed.add(segment);
      }
    }
    for (Segment segment : unsealed) {
      sealing.execute(() -> seal(segment, Optional.empty()));
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

  /// The segments in ascending order of their numbers.
  public List<Segment> segments() {
    List<Segment> all = new ArrayList<>();
    for (Segment segment : segments) {
      if (segment != null) {
        all.add(segment);
      }
    }
    return all;
  }

  /// The segment of a number that [#segments] or a published location named.
  public Segment segment(int number) {
    return Objects.requireNonNull(segments[number]);
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

  /// Appends records, all or none, and returns when they are durable and visible.
  ///
  /// @return the sequence number of the last one
  /// @throws PreconditionFailedException if their precondition does not hold
  /// @throws IOException if they could not be written; then none of them is there
  public long append(Records records) throws IOException {
    return appender.append(records);
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
      listener.published(segment, from, to);
    }

    @Override
    public void prepare(SegmentWriter current) {
      prepareNext(current);
    }

    @Override
    public void full(SegmentWriter full) {
      sealBacklog.acquireUninterruptibly();
      sealing.execute(() -> {
        try {
          seal(full.segment(), Optional.of(full));
        } finally {
          sealBacklog.release();
        }
      });
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
    int last = manifest.segments().isEmpty() ? 0 : manifest.segments().getLast().number();
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
      byte[] head = SegmentFormat.openHead(manifest.header(), manifest.epoch(), number);
      Storage.File file = storage.create(path);
      try {
        file.write(0, ByteBuffer.wrap(head));
        file.sync();
        storage.syncFolder(segmentFolder);
        List<Manifest.SegmentEntry> entries = new ArrayList<>(manifest.segments());
        entries.add(
            new Manifest.SegmentEntry(
                number,
                name,
                Sealer.crcOf(head),
                SegmentFormat.HEAD_SIZE,
                Optional.empty(),
                Optional.empty()));
        update(manifest.next(false, entries));
      } catch (IOException e) {
        file.close();
        throw e;
      }
      Segment segment = new Segment(number, name, RecordTable.growing(), new Liveness());
      segment.setEnd(SegmentFormat.HEAD_SIZE);
      @Nullable Segment[] more = Arrays.copyOf(segments, Math.max(segments.length, number + 1));
      more[number] = segment;
      segments = more;
      return new SegmentWriter(segment, file, SegmentFormat.HEAD_SIZE, 0);
    }
  }

  private void seal(Segment segment, Optional<SegmentWriter> from) {
    try {
      if (from.isPresent()) {
        from.get().file().close();
      }
      appender.checkNotFailed();
      segment.beginSealing();
      long end = segment.end();
      Sealer.Outcome outcome =
          sealer.seal(
              segment.file(),
              SegmentFormat.epochOf(segment.file()),
              segment.number(),
              segment.table(),
              end);
      Manifest.SegmentEntry entry =
          new Manifest.SegmentEntry(
              segment.number(),
              segment.file(),
              outcome.headCrc32(),
              end,
              Optional.of(outcome.index()),
              Optional.of(outcome.sealed()));
      replaceEntry(entry);
      segment.seal(outcome.bytes(), outcome.table());
      storage.delete(segmentFolder.resolve(SegmentFormat.indexName(segment.file(), false)));
    } catch (IOException | RuntimeException | Error e) {
      IOException reason = e instanceof IOException io ? io : new IOException(e.toString(), e);
      if (e instanceof SyncFailedException) {
        appender.fail(reason);
      }
      sealFailure = Optional.of(reason);
    }
  }

  private void replaceEntry(Manifest.SegmentEntry entry) throws IOException {
    synchronized (manifestLock) {
      List<Manifest.SegmentEntry> entries = new ArrayList<>(manifest.segments());
      entries.replaceAll(old -> old.number() == entry.number() ? entry : old);
      update(manifest.next(manifest.clean(), entries));
      writeSfv();
    }
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
        sealing.execute(() -> seal(segment, Optional.empty()));
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
    sealing.execute(() -> idle.complete(null));
    idle.join();
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
    List<Manifest.SegmentEntry> entries = manifest().segments();
    for (int i = 0; i < entries.size(); i++) {
      Manifest.SegmentEntry entry = entries.get(i);
      Path path = segmentFolder.resolve(entry.file());
      if (entry.sealed().isPresent()
          && storage.exists(path)
          && sealer.repairHead(entry, segment(entry.number()).table())) {
        repaired.add(SegmentFormat.FOLDER + "/" + entry.file() + ": file metadata restored");
      }
      progress.update(i + 1, entries.size(), "segments");
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
      if (file.endsWith(".idx")) {
        storage.delete(segmentFolder.resolve(file));
      }
    }
    for (String file : derived) {
      storage.delete(folder.resolve(file));
    }
    storage.delete(folder.resolve(SFV_FILE));
  }

  /// Bytes and records of a log.
  ///
  /// @param records in all segments
  /// @param frameBytes of all frames
  /// @param headerBytes of FLAC metadata in front of them
  /// @param indexBytes of all other files
  /// @param diskBytes of everything
  public record Sizes(
      long records, long frameBytes, long headerBytes, long indexBytes, long diskBytes) {}

  /// How much the log takes on disk.
  public Sizes sizes() throws IOException {
    long records = 0;
    long frames = 0;
    long heads = 0;
    for (Segment segment : segments()) {
      records += segment.table().count();
      frames += Math.max(0, segment.end() - SegmentFormat.HEAD_SIZE);
      heads += SegmentFormat.HEAD_SIZE;
    }
    long index = 0;
    for (String file : storage.list(segmentFolder)) {
      index += SegmentFormat.isSegmentName(file) ? 0 : sizeOf(segmentFolder.resolve(file));
    }
    for (String file : storage.list(folder)) {
      index += file.equals(SegmentFormat.FOLDER) ? 0 : sizeOf(folder.resolve(file));
    }
    return new Sizes(records, frames, heads, index, frames + heads + index);
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
    if (dirty && !appender.hasFailed()) {
      noteCleanClose();
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
                SegmentFormat.indexName(entry.file(), false),
                entry.number(),
                end,
                table.firstSample(last) + table.samples(last),
                table);
        entries.add(
            new Manifest.SegmentEntry(
                entry.number(),
                entry.file(),
                entry.headCrc32(),
                end,
                Optional.of(index),
                Optional.empty()));
      }
      update(manifest.next(true, entries));
    }
  }

  private static void awaitTerminationUninterruptibly(ExecutorService executor) {
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
