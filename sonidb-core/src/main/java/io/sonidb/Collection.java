package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.flac.FlacKernels;
import io.sonidb.flac.Md5;
import io.sonidb.index.RecordTable;
import io.sonidb.integrity.IndexJson;
import io.sonidb.integrity.Verifier;
import io.sonidb.payload.PayloadBlock;
import io.sonidb.search.Crew;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogTail;
import io.sonidb.store.LogView;
import io.sonidb.store.Manifest;
import io.sonidb.store.PreconditionFailedException;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import io.sonidb.vector.Kernels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// A named set of vectors of one dimension. Safe for use by any number of threads.
///
/// Whatever writes returns when the write is durable (see [Durability]) and visible to every
/// reader. A batch is all or nothing. Reading takes no lock.
public final class Collection {
  /// Opens what lies in the collection's folder; again when all is rebuilt.
  interface Opener {
    Engine open() throws IOException;
  }

  private static final int SHARED_TRIES = 8;

  /// A stream of the source tells something every second; without one, its states do.
  private static final long HEARS_NANOS = 3_000_000_000L;

  private final SoniDb database;
  private final String name;
  private volatile CollectionSpec spec; // written under the write lock
  private final Opener opener;
  private final SoniDb.Cores cores;
  private final InstantSource clock;
  private final ReadWriteLock rebuilding = new ReentrantReadWriteLock();
  // Shared by all who write; held alone by one who was overtaken too often.
  private final ReadWriteLock writing = new ReentrantReadWriteLock();
  private final Lock building = new ReentrantLock();
  private final AtomicBoolean indexing = new AtomicBoolean();
  private final LongAdder answered = new LongAdder();
  private volatile Engine engine;
  private volatile boolean closed; // written under the write lock
  private volatile Optional<Found> lastFound = Optional.empty();
  private volatile OptionalLong heard = OptionalLong.empty(); // when, by System.nanoTime
  private volatile Optional<RoundingSample> sample; // the vectors that are being gathered

  /// When a replica was last found to have all that its source had, and what that has now.
  private record Found(long newest, long nanos) {}

  Collection(
      SoniDb database,
      String name,
      CollectionSpec spec,
      Engine engine,
      Opener opener,
      SoniDb.Cores cores,
      InstantSource clock) {
    this.database = database;
    this.name = name;
    this.spec = spec;
    this.engine = engine;
    this.opener = opener;
    this.cores = cores;
    this.clock = clock;
    this.sample = sample(spec, engine.log().manifest());
  }

  /// The name it was created with.
  public String name() {
    return name;
  }

  /// What it was created as, or last altered to.
  public CollectionSpec spec() {
    return spec;
  }

  /// Number of vectors.
  public long count() {
    return engine.directory().count();
  }

  /// Number of the newest write that readers see.
  public long lastSequence() {
    return engine.log().lastSequence();
  }

  /// What was found damaged and repaired when it was opened, for people.
  public List<String> repairs() {
    return List.copyOf(engine.notes());
  }

  Engine engine() {
    return engine;
  }

  /// The engine, once a rebuild that may be under way is over.
  private Engine settledEngine() {
    Engine now = engine;
    if (!now.log().isClosed()) {
      return now;
    }
    rebuilding.readLock().lock();
    try {
      return engine;
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  // Writing ----------------------------------------------------------------------------------

  /// Inserts a vector under a new id, a UUID of version 7, and returns the id.
  ///
  /// @param vector of the collection's dimension; not kept
  /// @throws IllegalArgumentException if the collection cannot hold it; the message says why
  public String insertVector(float[] vector) {
    return insert(Vector.of(vector));
  }

  /// Inserts a vector under a new id, a UUID of version 7, and returns the id.
  ///
  /// @param vector of the collection's dimension; in a float32 collection each component must be a
  ///   float32
  /// @throws IllegalArgumentException if the collection cannot hold it; the message says why
  public String insertVector(double[] vector) {
    return insert(Vector.of(vector));
  }

  private String insert(Vector vector) {
    VectorId id = VectorId.of(TimeOrderedUuid.next());
    upsert(List.of(Point.of(id, vector)));
    return id.toString();
  }

  /// Inserts or replaces a vector.
  ///
  /// @return the number of the write
  public long upsert(String id, float[] vector) {
    return upsert(List.of(Point.of(id, vector)));
  }

  /// Inserts or replaces a vector.
  ///
  /// @return the number of the write
  public long upsert(String id, double[] vector) {
    return upsert(List.of(Point.of(id, vector)));
  }

  /// Inserts or replaces a vector with its payload.
  ///
  /// @return the number of the write
  public long upsert(String id, float[] vector, Payload payload) {
    return upsert(VectorId.parse(id), Vector.of(vector), payload);
  }

  /// Inserts or replaces a vector with its payload.
  ///
  /// @return the number of the write
  public long upsert(VectorId id, Vector vector, Payload payload) {
    return upsert(List.of(Point.of(id, vector, payload)));
  }

  /// Inserts or replaces vectors, all or none. Of points with the same id the last one counts.
  ///
  /// @param batch not empty; about 64 MiB at most when encoded
  /// @return the number of the last write
  /// @throws IllegalArgumentException if the collection cannot hold one of them; nothing was
  ///   written
  /// @throws StorageException if they could not be written: none of them is there, unless a sync
  ///   failed, after which only opening the database again tells
  public long upsert(List<Point> batch) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("the batch is empty");
    }
    long sequence = write(writes -> writes.upsert(batch));
    sampled(batch);
    return sequence;
  }

  /// Checks whether the collection can hold a point; nothing is written.
  ///
  /// @throws IllegalArgumentException if it cannot; the message says why
  public void check(Point point) {
    VectorCheck.accept(point.vector(), point.id(), spec);
  }

  /// Inserts or replaces a vector if nobody has changed it since it was read.
  ///
  /// @param expectedSequence the sequence number that it must have; 0 if it must not be there
  /// @return the number of the write
  /// @throws ConflictException if it has another one; nothing was written
  public long upsertIf(Point point, long expectedSequence) {
    checkSequence(expectedSequence);
    long sequence = write(writes -> writes.upsertIf(point, expectedSequence));
    sampled(List.of(point));
    return sequence;
  }

  /// Inserts or replaces vectors as they were elsewhere, all or none: with the times at which they
  /// were inserted, and with no other time of expiry than their own.
  ///
  /// @param batch as [#upsert(List)] takes it
  /// @return the number of the last write
  /// @throws IllegalArgumentException if the collection cannot hold one of them; nothing was
  ///   written
  public long take(List<Point> batch) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("the batch is empty");
    }
    long sequence = write(writes -> writes.take(batch));
    sampled(batch);
    return sequence;
  }

  /// Replaces the vectors of points, which keep their payloads and times of expiry; all or none.
  ///
  /// @return the number of the last write
  /// @throws VectorNotFoundException if one of them is not there; nothing was written
  public long replaceVectors(Map<VectorId, Vector> vectors) {
    if (vectors.isEmpty()) {
      throw new IllegalArgumentException("the batch is empty");
    }
    return write(writes -> writes.replaceVectors(vectors, name));
  }

  /// Deletes a vector.
  ///
  /// @return whether it was there
  public boolean delete(String id) {
    return delete(List.of(VectorId.parse(id))) == 1;
  }

  /// Deletes vectors, all or none.
  ///
  /// @return how many were there
  public long delete(List<VectorId> ids) {
    return write(writes -> writes.delete(ids, (_, _) -> true));
  }

  /// Deletes a vector if nobody has changed it since it was read.
  ///
  /// @param expectedSequence the sequence number that it must have
  /// @return the number of the write
  /// @throws ConflictException if it has another one, or is not there
  public long deleteIf(VectorId id, long expectedSequence) {
    checkIsThere(expectedSequence);
    return write(writes -> writes.deleteIf(id, expectedSequence));
  }

  /// Sets top-level keys of the payloads of vectors, and leaves their other keys; all or none. Ids
  /// that are not there are left out.
  ///
  /// @return how many were there
  /// @throws IllegalArgumentException if a payload would become too large; nothing was written
  public long setPayload(List<VectorId> ids, Payload payload) {
    return write(writes ->
        writes.changePayload(ids, (_, _) -> true, current -> current.get().merged(payload)));
  }

  /// Replaces the payloads of vectors, all or none. Ids that are not there are left out.
  ///
  /// @return how many were there
  public long overwritePayload(List<VectorId> ids, Payload payload) {
    return write(writes -> writes.changePayload(ids, (_, _) -> true, _ -> payload));
  }

  /// Replaces the payloads of vectors, each by its own, all or none. Ids that are not there are
  /// left out.
  ///
  /// @return how many were there
  public long overwritePayloads(Map<VectorId, Payload> payloads) {
    return write(writes -> writes.overwritePayloads(payloads));
  }

  /// Replaces the payload of a vector if nobody has changed it since it was read.
  ///
  /// @param expectedSequence the sequence number that it must have
  /// @return the number of the write
  /// @throws ConflictException if it has another one, or is not there
  public long overwritePayloadIf(VectorId id, Payload payload, long expectedSequence) {
    checkIsThere(expectedSequence);
    return write(writes -> writes.overwritePayloadIf(id, payload, expectedSequence));
  }

  /// Removes top-level keys from the payloads of vectors, all or none. Ids that are not there are
  /// left out.
  ///
  /// @return how many were there
  public long deletePayloadKeys(List<VectorId> ids, Set<String> keys) {
    return write(writes ->
        writes.changePayload(ids, (_, _) -> true, current -> current.get().without(keys)));
  }

  /// Removes the payloads of vectors, all or none. Ids that are not there are left out.
  ///
  /// @return how many were there
  public long clearPayload(List<VectorId> ids) {
    return overwritePayload(ids, Payload.EMPTY);
  }

  /// Changes the payloads of vectors in any way, all or none. Ids that are not there are left out.
  ///
  /// @param change is called again when somebody else was faster
  /// @return how many were there
  /// @throws IllegalArgumentException if a payload would become too large; nothing was written
  public long editPayload(List<VectorId> ids, UnaryOperator<Payload> change) {
    return write(writes ->
        writes.changePayload(ids, (_, _) -> true, current -> change.apply(current.get())));
  }

  /// Deletes every point that fulfils a filter. They go in batches, so a crash may leave some; what
  /// others change meanwhile goes only if it still fulfils it.
  ///
  /// @return how many were deleted
  public long delete(Filter filter) {
    return new FilteredWrites(this, filter)
        .run((writes, meant) -> writes.delete(meant.ids(), meant::isMeant));
  }

  /// Sets top-level keys of the payloads of every point that fulfils a filter, in batches as
  /// [#delete(Filter)].
  ///
  /// @return how many were changed
  public long setPayload(Filter filter, Payload payload) {
    return changePayload(filter, current -> current.get().merged(payload));
  }

  /// Replaces the payloads of every point that fulfils a filter, in batches as [#delete(Filter)].
  ///
  /// @return how many were changed
  public long overwritePayload(Filter filter, Payload payload) {
    return changePayload(filter, _ -> payload);
  }

  /// Removes top-level keys from the payloads of every point that fulfils a filter, in batches as
  /// [#delete(Filter)].
  ///
  /// @return how many were changed
  public long deletePayloadKeys(Filter filter, Set<String> keys) {
    return changePayload(filter, current -> current.get().without(keys));
  }

  /// Changes the payloads of every point that fulfils a filter in any way, in batches as
  /// [#delete(Filter)].
  ///
  /// @return how many were changed
  public long editPayload(Filter filter, UnaryOperator<Payload> change) {
    return changePayload(filter, current -> change.apply(current.get()));
  }

  private long changePayload(Filter filter, Writes.PayloadChange change) {
    return new FilteredWrites(this, filter)
        .run((writes, meant) -> writes.changePayload(meant.ids(), meant::isMeant, change));
  }

  private static void checkIsThere(long sequence) {
    if (sequence < 1) {
      throw new IllegalArgumentException(
          "the expected sequence number must be 1 or more, was " + sequence);
    }
  }

  /// Does something with [Writes] while the engine stays the same.
  @FunctionalInterface
  interface Operation {
    long apply(Writes writes) throws IOException;
  }

  long write(Operation operation) {
    openAgain();
    checkWritable();
    engine.search().awaitBacklog();
    rebuilding.readLock().lock();
    try {
      return writeUntouched(operation);
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  /// Tries again when others changed what it is about; after a few times it keeps them waiting, so
  /// that it succeeds however busy they are.
  private long writeUntouched(Operation operation) throws IOException {
    for (int tries = 0; ; tries++) {
      Lock lock = tries < SHARED_TRIES ? writing.readLock() : writing.writeLock();
      lock.lock();
      try {
        checkWritable(); // it may have been taken in meanwhile
        return operation.apply(new Writes(engine, spec, clock));
      } catch (PreconditionFailedException changed) {
        if (tries > SHARED_TRIES) {
          throw changed; // nobody else writes: a bug rather than a busy vector
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /// Deletes what has expired.
  ///
  /// @return the earliest time at which something else expires
  OptionalLong sweep() {
    if (!rebuilding.readLock().tryLock()) {
      return OptionalLong.of(0); // all is rebuilt; later
    }
    try {
      Engine now = engine;
      if (now.log().isClosed() || now.log().hasFailed()) {
        return OptionalLong.empty();
      }
      if (!now.log().manifest().changesByItself()) {
        return now.expiry().earliest(); // it stays as it is
      }
      try {
        now.expiry().sweep(now.nowMillis(), (ids, vectors) -> expire(now, ids, vectors));
      } catch (IOException | RuntimeException e) {
        return OptionalLong.of(0); // the disk is full, most likely: nothing expired is shown anyway
      }
      return now.expiry().earliest();
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  private void expire(Engine now, List<VectorId> ids, List<Long> vectors) throws IOException {
    writing.readLock().lock();
    try {
      new Writes(now, spec, clock).expire(ids, vectors);
    } finally {
      writing.readLock().unlock();
    }
  }

  /// A rebuild that failed in its middle leaves the log closed: whoever needs it next opens it.
  private void openAgain() {
    if (closed || !engine.log().isClosed()) {
      return;
    }
    rebuilding.writeLock().lock();
    try {
      if (!closed && engine.log().isClosed()) {
        engine = Uninterrupted.call(opener::open);
      }
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.writeLock().unlock();
    }
  }

  // Copies of a collection elsewhere ---------------------------------------------------------

  /// Brings everything to a node of this user, where it becomes a read-only replica, searchable at
  /// once: [#syncNode(String, boolean, Progress)].
  public SyncReport syncNode(String target) {
    return syncNode(target, true, Progress.NONE);
  }

  /// Brings it to a node, where it becomes a read-only replica; only what is missing there is
  /// moved. Both need the same secret, which processes of one user on one machine have;
  /// `sonidb-ftp` must be there.
  ///
  /// @param target `sonidb://host:port`
  /// @param seal whether what the open segment holds goes, too, which ends that segment
  /// @param progress hears how far it is, and may end it
  /// @throws IllegalArgumentException if that is no node's address
  /// @throws NodeSyncException if it is not done: the node has what it had
  /// @throws UnsupportedOperationException if `sonidb-ftp` is not there
  public SyncReport syncNode(String target, boolean seal, Progress progress) {
    NodeSync sync =
        ServiceLoader.load(NodeSync.class, NodeSync.class.getClassLoader())
            .findFirst()
            .orElseThrow(() ->
                new UnsupportedOperationException("syncing needs sonidb-ftp, which is not there"));
    try {
      return sync.sync(database, name, target, seal, progress);
    } catch (IOException e) {
      throw new NodeSyncException("collection " + name + ": " + e.getMessage(), e);
    }
  }

  /// Whether it is a copy of a collection elsewhere, which is not written to here.
  public boolean isReplica() {
    return engine.log().manifest().replica();
  }

  /// The epoch of its history: raised by each promotion, and when writes may have been lost. Of two
  /// histories of a collection that of the higher epoch counts.
  public int epoch() {
    return engine.log().manifest().epoch();
  }

  /// A state of its source was taken in, or was here already.
  ///
  /// @param newest number of the newest write there
  public void noteSource(long newest) {
    found(newest, heard.isEmpty() || System.nanoTime() - heard.getAsLong() > HEARS_NANOS);
  }

  /// @param isAll whether that is all that can be known of the source now
  private void found(long newest, boolean isAll) {
    long now = System.nanoTime();
    lastFound =
        lastFound
            .filter(_ -> !isAll && engine.log().lastSequence() < newest)
            .map(before -> new Found(newest, before.nanos()))
            .or(() -> Optional.of(new Found(newest, now)));
  }

  /// Begins to hear what its source writes, from [TailIntake#next] on.
  ///
  /// @param epoch of the source
  /// @throws SyncRefusedException if it is no copy of a history of that epoch
  public TailIntake hear(int epoch) {
    checkHears(epoch);
    return new TailIntake(this, epoch);
  }

  private void checkHears(int epoch) {
    if (!isReplica() || epoch() != epoch) {
      throw new SyncRefusedException(
          "collection "
              + name
              + " is "
              + (isReplica() ? "a replica" : "written to here")
              + ", in epoch "
              + epoch()
              + ": it hears nothing of epoch "
              + epoch,
          0);
    }
  }

  /// Tells who streams the tail of a collection, and what is newest in it.
  ///
  /// @param from number of the first record
  /// @param epoch of the history that is to be heard
  /// @throws SyncRefusedException if this is not the source of that history
  /// @throws RescanRequiredException if compaction has dropped records from there on, so that the
  ///   next state has to come first
  public TailSource tail(long from, int epoch) {
    return new TailSource(this, audio(from, true, StreamOptions.ALL), epoch);
  }

  /// Appends what was heard.
  ///
  /// @param records whole batches, in order
  /// @param bytes that they take, about
  /// @param upTo up to this number there is nothing else at the source; 0 if that is not known
  /// @param newest number of the newest write there
  void heard(int epoch, List<SoundRecord> records, long bytes, long upTo, long newest)
      throws IOException {
    openAgain();
    rebuilding.readLock().lock();
    writing.writeLock().lock(); // one at a time, if there are several who tell
    try {
      checkHears(epoch);
      for (SoundRecord record : records) {
        if (record.kind() == RecordKind.UPSERT && record.vector().dimension() != spec.dimension()) {
          throw new IOException(
              "record "
                  + record.sequence()
                  + " has "
                  + record.vector().dimension()
                  + " components");
        }
      }
      SegmentLog log = engine.log();
      LogTail.append(log, records, bytes);
      log.skipTo(upTo);
      found(newest, false);
      heard = OptionalLong.of(System.nanoTime());
    } finally {
      writing.writeLock().unlock();
      rebuilding.readLock().unlock();
    }
  }

  private CollectionStats.Copy copy(Engine now) {
    Manifest manifest = now.log().manifest();
    Optional<Found> found = manifest.replica() ? lastFound : Optional.empty();
    return new CollectionStats.Copy(
        manifest.replica(),
        manifest.epoch(),
        found.isPresent()
            ? OptionalDouble.of((System.nanoTime() - found.get().nanos()) / 1e9)
            : OptionalDouble.empty(),
        found.isPresent()
            ? OptionalLong.of(Math.max(0, found.get().newest() - now.log().lastSequence()))
            : OptionalLong.empty());
  }

  private void checkWritable() {
    if (isReplica()) {
      throw new ReadOnlyException(name);
    }
  }

  /// Makes a replica writable, in an epoch of its own: whoever has an earlier one becomes a replica
  /// when they meet. What the source wrote that has not come here is not in this history.
  ///
  /// @return the new epoch
  /// @throws SyncRefusedException if it is no replica
  public int promote() {
    openAgain();
    building.lock();
    rebuilding.writeLock().lock();
    try {
      if (!isReplica()) {
        throw new SyncRefusedException(
            "collection " + name + " is no replica: it is written to here already", 0);
      }
      return Uninterrupted.call(() -> {
        engine.log().promote(List.of(Replicas.STATE_FILE, Outgoing.SHA256_FILE));
        return epoch();
      });
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.writeLock().unlock();
      building.unlock();
    }
  }

  /// Makes it read-only because a history of a higher epoch was met, whose replica it is to become.
  ///
  /// @param metEpoch the other epoch
  /// @return whether that has changed anything
  public boolean demote(int metEpoch) {
    openAgain();
    building.lock();
    rebuilding.writeLock().lock();
    try {
      if (isReplica() || metEpoch <= epoch()) {
        return false;
      }
      return Uninterrupted.call(() -> {
        engine.log().demote();
        return true;
      });
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.writeLock().unlock();
      building.unlock();
    }
  }

  /// What is done to the collection's folder while nobody has it open.
  interface Exchange {
    /// @throws SyncRefusedException if it is not to be done
    /// @throws IOException if it cannot be begun; nothing has changed
    void begin(SegmentLog log) throws IOException;

    void forth() throws IOException;

    void back() throws IOException;
  }

  /// Takes over what was heard into the folder that is to take the place of this one.
  void takeOver(Replicas.Exchange exchange) throws IOException {
    rebuilding.readLock().lock();
    try {
      exchange.takeOver(engine.log());
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  /// Has the folder exchanged for another one. Readers wait no longer than opening it takes; what
  /// they have begun goes on with the old files.
  void exchange(Exchange exchange) throws IOException {
    openAgain();
    building.lock();
    rebuilding.writeLock().lock();
    try {
      exchange.begin(engine.log());
      try {
        engine.close();
        exchange.forth();
      } catch (IOException | RuntimeException e) {
        exchange.back();
        engine = opener.open();
        throw e;
      }
      try {
        engine = opener.open();
      } catch (IOException | RuntimeException e) {
        exchange.back();
        engine = opener.open();
        throw e;
      }
      spec = CollectionSpec.of(engine.log().manifest());
      sample = Optional.empty();
    } finally {
      rebuilding.writeLock().unlock();
      building.unlock();
    }
  }

  // Reading ----------------------------------------------------------------------------------

  /// The vector of an id with its payload.
  ///
  /// @throws DamagedRecordException if it is not as it was written
  public Optional<Point> get(String id) {
    return get(VectorId.parse(id));
  }

  /// The vector of an id with its payload.
  ///
  /// @throws DamagedRecordException if it is not as it was written
  public Optional<Point> get(VectorId id) {
    return engine.get(id);
  }

  /// The vectors of many ids, in the order of `ids`; read in the order of the files.
  ///
  /// @throws DamagedRecordException if one is not as it was written
  public List<Optional<Point>> get(List<VectorId> ids) {
    return engine.get(ids);
  }

  /// A whole FLAC file that holds one vector; its tags show id, encoding, hash and collection.
  ///
  /// @throws VectorNotFoundException if there is no such vector
  /// @throws DamagedRecordException if it is not as it was written
  public InputStream streamVector(String id) {
    return streamVector(VectorId.parse(id));
  }

  /// A whole FLAC file that holds one vector; its tags show id, encoding, hash and collection.
  ///
  /// @throws VectorNotFoundException if there is no such vector
  /// @throws DamagedRecordException if it is not as it was written
  public InputStream streamVector(VectorId id) {
    return vectorAudio(id).stream();
  }

  /// A whole FLAC file that holds one vector, as [#streamVector(VectorId)] gives it.
  ///
  /// @throws VectorNotFoundException if there is no such vector
  /// @throws DamagedRecordException if it is not as it was written
  public VectorAudio vectorAudio(VectorId id) {
    Engine now = engine;
    byte[] frames =
        now.vectorFrames(id)
            .orElseThrow(
                () -> new VectorNotFoundException("collection " + name + " has no vector " + id));
    return FlacStreams.ofVector(now.log(), frames);
  }

  /// A whole FLAC file that holds one vector with its payload as it would be in a collection of
  /// another sonification, made anew; under the collection's own one it may be another choice of
  /// parts than what is stored, with the same bits in it.
  ///
  /// @throws VectorNotFoundException if there is no such vector
  /// @throws DamagedRecordException if it is not as it was written
  public VectorAudio vectorAudio(VectorId id, Sonification sonification) {
    Engine now = engine;
    Point point =
        now.get(id)
            .orElseThrow(
                () -> new VectorNotFoundException("collection " + name + " has no vector " + id));
    return FlacStreams.ofPoint(now.log(), point, sonification);
  }

  /// Where the record with the vector of an id lies; none if there is no such vector.
  public Optional<VectorPlace> place(VectorId id) {
    return engine.place(id);
  }

  /// An endless FLAC stream of every record from a sequence number on. A damaged record is left
  /// out; the gap in the sequence numbers tells.
  ///
  /// @param from sequence number of the first record, 1 for all
  /// @param follow whether to wait for new records at the end, until the stream or the database is
  ///   closed
  public InputStream stream(long from, boolean follow) {
    checkSequence(from);
    return FlacStreams.ofLog(this::settledEngine, from, follow);
  }

  /// Some records from a sequence number on, history and then live, for whoever sends them on.
  ///
  /// @param from sequence number of the first record, 1 for all
  /// @param follow whether it goes on for ever; else it ends with the newest record that there is
  /// @throws RescanRequiredException if deletes from there on are not in the history any more
  public AudioStream audio(long from, boolean follow, StreamOptions options) {
    checkSequence(from);
    long until = follow ? Long.MAX_VALUE : lastSequence();
    return new AudioStream(
        this::settledEngine, from, options, true, until, AudioStream.MAX_SAMPLES);
  }

  /// What a FLAC stream of its records begins with: the marker and the metadata, which say neither
  /// how long it is nor an MD5.
  public byte[] audioHead() {
    SegmentLog log = engine.log();
    return AudioStream.head(log, 0, Md5.UNKNOWN, log.tags());
  }

  /// Cuts the sound of all records that there are into stretches, in order.
  ///
  /// @param most samples of a stretch, 1 or more, except where a single record has more
  public List<AudioCut> audioCuts(long most) {
    try (CollectionView now = view()) {
      return AudioCuts.all(now.log(), most);
    }
  }

  /// A stretch by its records.
  ///
  /// @param segment name of a segment's file, without its ending
  /// @param first ordinal of the first record
  /// @param end ordinal behind the last one
  /// @return none if there are no such records, any more
  public Optional<AudioCut> audioCut(String segment, int first, int end) {
    try (CollectionView now = view()) {
      return AudioCuts.find(now.log(), segment, first, end);
    }
  }

  /// The records of a stretch, as they are stored.
  ///
  /// @return none if they are gone
  public Optional<List<RecordSound>> sounds(AudioCut cut) {
    try (CollectionView now = view()) {
      return AudioCuts.find(now.log(), cut.segment(), cut.first(), cut.end())
          .map(found -> AudioCuts.records(now.engine(), now.log(), found));
    }
  }

  /// What tells it from every other collection, of the same name too.
  public UUID uuid() {
    return engine.log().header().uuid();
  }

  /// Finds the vectors most like a query, by the search index where there is one, else by comparing
  /// with all of them. Damaged ones are left out, and named in the result.
  ///
  /// @throws VectorNotFoundException if the query names an id that is not there
  public SearchResult search(Query query) {
    return search(List.of(query)).getFirst();
  }

  /// Answers several queries in one pass over the vectors, each as if it were alone.
  ///
  /// @throws VectorNotFoundException if a query names an id that is not there
  public List<SearchResult> search(List<Query> queries) {
    answered.add(queries.size());
    try (CollectionView now = view()) {
      return now.search(queries);
    }
  }

  /// Finds the groups of points, by the value of a field, that have the vectors most like a query.
  ///
  /// @throws VectorNotFoundException if the query names an id that is not there
  public GroupResult searchGroups(Query query, Grouping grouping) {
    answered.increment();
    try (CollectionView now = view()) {
      return now.searchGroups(query, grouping);
    }
  }

  /// How many queries it was asked since it was opened.
  public long queries() {
    return answered.sum();
  }

  /// Number of vectors that fulfil a filter.
  public long count(Filter filter) {
    try (CollectionView now = view()) {
      return now.count(filter);
    }
  }

  /// The values that a field has in the points that fulfil a filter, with the number of those
  /// points; most points first.
  ///
  /// @param limit how many values, 1 to [CollectionView#MAX_VALUES]
  public List<ValueCount> facet(String field, Filter filter, int limit) {
    try (CollectionView now = view()) {
      return now.facet(field, filter, limit);
    }
  }

  /// Points at random, as [CollectionView#sample] has them.
  public List<Point> sample(int limit, long seed, Filter filter) {
    try (CollectionView now = view()) {
      return now.sample(limit, seed, filter);
    }
  }

  /// Points in the plane in which they differ most, as [CollectionView#project] has them.
  public Projection project(
      int limit, Filter filter, Optional<Projection.About> about, Progress progress) {
    try (CollectionView now = view()) {
      return now.project(limit, filter, about, progress);
    }
  }

  /// The collection as it is now: later writes are not seen, and what compaction takes away stays
  /// until the view is closed.
  public CollectionView view() {
    return new CollectionView(this, engine, cores);
  }

  /// Decodes every vector on all cores and hands it to `sink`, in no order; the fastest way through
  /// a collection.
  ///
  /// @param sink is called by several threads at once, with a vector whose array is reused
  /// @return how many it was called with
  /// @throws DamagedRecordException at the first vector that is not as it was written
  public long scan(VectorSink sink) {
    try (CollectionView now = view()) {
      return now.scan(sink);
    }
  }

  /// Takes the vectors of a scan.
  @FunctionalInterface
  public interface VectorSink {
    /// @param id what the vector is called
    /// @param vector its components, valid during the call only
    void accept(VectorId id, Vector vector);
  }

  /// All points in ascending order of their ids, as they are now: later writes are not seen.
  public PointCursor scroll() {
    CollectionView now = view();
    return new IdOrderCursor(now, Optional.empty(), Optional.empty(), now::close);
  }

  /// A page of the points that fulfil a filter, as they are now.
  public ScrollPage scroll(Scroll scroll) {
    try (CollectionView now = view()) {
      return now.scroll(scroll);
    }
  }

  /// Every change from a sequence number on, in order: history, then what is written from now on.
  ///
  /// @param from sequence number of the first change, 1 for all
  /// @throws RescanRequiredException if deletes from there on are not in the history any more
  public Subscription subscribe(long from) {
    checkSequence(from);
    return new Subscription(this::settledEngine, from);
  }

  private static void checkSequence(long from) {
    if (from < 0) {
      throw new IllegalArgumentException("sequence number must be 0 or more, was " + from);
    }
  }

  // Payload indexes --------------------------------------------------------------------------

  // Filters are not worth an index that make fewer payloads be read.
  private static final long MANY_PAYLOADS = 10_000;

  /// Indexes a field of the payloads, so that filters need not read them; an index that the field
  /// had goes. Returns when all is indexed that is there; others read and write meanwhile.
  ///
  /// @param field path of the field, as [FieldPath] has it
  /// @param type of the values that the index is to know; others are found too, but not as fast
  /// @throws IllegalArgumentException if the path is none, or there are too many indexes
  public void createPayloadIndex(String field, FieldType type) {
    changeIndexes(now -> now.payloadIndex(field, type));
  }

  /// Removes the index of a field. Filters find the same, but read payloads.
  ///
  /// @return whether there was one
  public boolean dropPayloadIndex(String field) {
    boolean wasThere = spec.payloadIndexes().containsKey(FieldPath.parse(field).toString());
    if (wasThere) {
      changeIndexes(now -> now.withoutPayloadIndex(field));
    }
    return wasThere;
  }

  private void changeIndexes(UnaryOperator<CollectionSpec> change) {
    openAgain();
    building.lock();
    try {
      rebuilding.writeLock().lock();
      try {
        checkWritable();
        become(change.apply(spec));
      } finally {
        rebuilding.writeLock().unlock();
      }
      indexNow();
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      building.unlock();
    }
  }

  private void become(CollectionSpec changed) throws IOException {
    Uninterrupted.call(() -> {
      engine.log().alter(changed.header(name, engine.log().header().uuid()), changed.settings());
      return engine;
    });
    if (changed.quantize() != spec.quantize() || changed.metric() != spec.metric()) {
      sample = sample(changed, engine.log().manifest());
    }
    spec = changed;
    engine.payloads().setFields(changed.indexedFields());
    Uninterrupted.call(() -> {
      engine.search().setScore(changed.metric().score());
      return engine;
    });
  }

  private void indexNow() {
    try (CollectionView now = view()) {
      Crew.run(
          IntStream.range(0, now.log().segments().size()).boxed().toList(),
          () -> i -> now.engine().payloads().index(now.log().segments().get(i), now.log().count(i)),
          cores.scanning(),
          cores.count());
    }
  }

  /// A filter was asked that made so many payloads be read; if that is too many, the fields get
  /// indexed, soon, where the collection is to do that.
  void wasAsked(Filter filter, long payloadsRead) {
    if (!spec.indexesWhatIsAsked()
        || payloadsRead < MANY_PAYLOADS
        || !engine.log().manifest().changesByItself()) {
      return;
    }
    Map<FieldPath, FieldType> asked = WantedIndexes.of(filter);
    asked.keySet().removeIf(path -> spec.payloadIndexes().containsKey(path.toString()));
    if (!asked.isEmpty() && indexing.compareAndSet(false, true)) {
      Thread.ofVirtual().start(() -> indexWhatWasAsked(asked));
    }
  }

  private void indexWhatWasAsked(Map<FieldPath, FieldType> asked) {
    try {
      changeIndexes(now -> {
        CollectionSpec more = now;
        for (Map.Entry<FieldPath, FieldType> each : asked.entrySet()) {
          boolean isFull = more.payloadIndexes().size() == PayloadBlock.MAX_FIELDS;
          more = isFull ? more : more.payloadIndex(each.getKey().toString(), each.getValue());
        }
        return more;
      });
    } catch (SoniDbException | IllegalStateException e) {
      // It is closed, or its disk is full: searches find the same without.
    } finally {
      indexing.set(false);
    }
  }

  // Index and integrity ----------------------------------------------------------------------

  /// Seals the open segment and brings every index file up to date.
  public IndexReport buildIndex() {
    return buildIndex(IndexOptions.INCREMENTAL, Progress.NONE);
  }

  /// Brings every index file up to date, or makes them again from the audio alone.
  ///
  /// @throws StorageException if a file cannot be read or written
  public IndexReport buildIndex(IndexOptions options, Progress progress) {
    openAgain();
    // Writers wait only while everything is rebuilt.
    Lock lock = options.full() ? rebuilding.writeLock() : rebuilding.readLock();
    building.lock();
    lock.lock();
    try {
      return Uninterrupted.call(() -> build(options, progress));
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      lock.unlock();
      building.unlock();
    }
  }

  private IndexReport build(IndexOptions options, Progress progress) throws IOException {
    long start = System.nanoTime();
    List<String> repaired = new ArrayList<>(engine.notes());
    engine.log().sealAll();
    repaired.addAll(engine.log().repairHeads(progress::update));
    if (options.full()) {
      try {
        engine.close();
        List<String> derived = new ArrayList<>(engine.search().files());
        derived.addAll(List.of(Engine.DIRECTORY_FILE, IndexJson.FILE));
        engine.log().deleteIndexFiles(derived);
      } finally {
        // Whatever could not be deleted, the collection must not stay shut.
        engine = opener.open();
      }
      engine.log().sealAll();
      // Missing index files are the purpose here, not a repair.
      engine.notes().clear();
    }
    if (options.jsonFile()) {
      IndexJson.write(engine.log());
    }
    engine.search().buildNow();
    return new IndexReport(
        engine.log().segments().stream().filter(Segment::isSealed).count(),
        count(),
        engine.log().sizes().indexBytes(),
        (System.nanoTime() - start) / 1e9,
        repaired,
        engine.log().damagedInSealed(),
        engine.log().folder().resolve(SegmentLog.SFV_FILE));
  }

  /// Rewrites segments without what is superseded. That is also done by itself, behind the writers,
  /// whenever it is worth it.
  ///
  /// @param purge whether to erase everything superseded and deleted for good: also deletes that
  ///   others may not have heard of, who must then read everything again, bytes that a crash left
  ///   unfinished, and damaged bytes that belong to no vector
  /// @throws StorageException if a file cannot be read or written, or a vector is damaged
  public CompactionReport compact(boolean purge, Progress progress) {
    openAgain();
    long start = System.nanoTime();
    building.lock();
    rebuilding.readLock().lock();
    try {
      checkWritable();
      SegmentLog log = engine.log();
      SegmentLog.Sizes before = Uninterrupted.call(log::sizes);
      long segments = log.segments().size();
      SegmentLog.Sizes after =
          Uninterrupted.call(() -> {
            log.compact(purge, progress::update);
            if (purge) {
              engine.search().purge();
            }
            if (purge && log.storage().exists(log.folder().resolve(IndexJson.FILE))) {
              IndexJson.write(log); // it names what is gone
            }
            return log.sizes();
          });
      return new CompactionReport(
          segments,
          log.segments().size(),
          before.frameBytes(),
          after.frameBytes(),
          (System.nanoTime() - start) / 1e9);
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.readLock().unlock();
      building.unlock();
    }
  }

  /// Makes the collection something else: what is written and asked from now on goes by the new
  /// settings, and its segments are rewritten behind the writers: their file metadata, and if
  /// vectors are to sound in another way, the vectors. If that is interrupted, it goes on when the
  /// collection is opened again.
  ///
  /// @param changed with another metric, sonification, durability, segment size, retention, or, of
  ///   vectors written from now on, time to live or quantisation
  /// @throws IllegalArgumentException if it has another dimension or element type: import the
  ///   vectors into a new collection instead
  /// @throws StorageException if a file cannot be read or written
  public AlterReport alter(CollectionSpec changed, Progress progress) {
    if (changed.dimension() != spec.dimension() || changed.element() != spec.element()) {
      throw new IllegalArgumentException(
          "collection "
              + name
              + " holds "
              + spec.dimension()
              + " components of "
              + spec.element()
              + " a vector, which cannot be altered: import it into a new collection");
    }
    openAgain();
    long start = System.nanoTime();
    building.lock();
    try {
      rebuilding.writeLock().lock();
      try {
        checkWritable();
        become(changed);
      } finally {
        rebuilding.writeLock().unlock();
      }
      return new AlterReport(rewriteOutdated(progress), (System.nanoTime() - start) / 1e9);
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      building.unlock();
    }
  }

  private long rewriteOutdated(Progress progress) throws IOException {
    rebuilding.readLock().lock();
    try {
      long outdated = engine.log().manifest().outdated();
      if (outdated > 0) {
        Uninterrupted.call(() -> {
          engine.log().sealAll();
          engine.log().compact(false, progress::update);
          return engine;
        });
      }
      return outdated - engine.log().manifest().outdated();
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  /// Checks sizes and CRC-32 of every file, and the frames of the open segment.
  public IntegrityReport verifyIntegrity() {
    return verifyIntegrity(false, Progress.NONE);
  }

  /// Checks the files against what was written.
  ///
  /// @param deep whether to decode every frame as well: CRC-16, record hash, MD5 of the audio,
  ///   directory
  public IntegrityReport verifyIntegrity(boolean deep, Progress progress) {
    long start = System.nanoTime();
    rebuilding.readLock().lock();
    try {
      Engine now = engine;
      Verifier.Outcome outcome =
          Uninterrupted.call(
              () -> Verifier.verify(now.log(), deep, cores.scanning(), progress::update));
      List<Damage> damaged = new ArrayList<>();
      double rate = spec.format().audio().sampleRateHz();
      outcome
          .damaged()
          .forEach(range ->
              damaged.add(
                  new Damage(
                      range.file(),
                      range.offset() < 0 ? OptionalLong.empty() : OptionalLong.of(range.offset()),
                      range.sample() < 0
                          ? OptionalDouble.empty()
                          : OptionalDouble.of(range.sample() / rate),
                      range.id(),
                      range.reason())));
      if (deep) {
        checkDirectory(now, damaged);
      }
      Map<String, String> files = new TreeMap<>(Uninterrupted.call(() -> now.search().damaged()));
      files.putAll(Uninterrupted.call(() -> now.payloads().damaged()));
      files.forEach((file, reason) ->
          damaged.add(
              new Damage(
                  file, OptionalLong.empty(), OptionalDouble.empty(), Optional.empty(), reason)));
      return new IntegrityReport(
          damaged.isEmpty(),
          now.directory().count(),
          outcome.segments(),
          outcome.bytes(),
          (System.nanoTime() - start) / 1e9,
          damaged,
          List.of());
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  /// Every live record must be where the directory says, and nothing else.
  private void checkDirectory(Engine now, List<Damage> damaged) {
    LongAdder wrong = new LongAdder();
    try (LogView view = now.log().view()) {
      Crew.run(
          IntStream.range(0, view.segments().size()).boxed().toList(),
          () -> index -> wrong.add(notFound(now, view.segments().get(index), view.count(index))),
          cores.scanning(),
          cores.count());
    }
    if (wrong.sum() > 0) {
      damaged.add(
          new Damage(
              Engine.DIRECTORY_FILE,
              OptionalLong.empty(),
              OptionalDouble.empty(),
              Optional.empty(),
              wrong.sum() + " ids are not found; rebuild it with a full buildIndex"));
    }
  }

  /// @param count of its records that readers see: of one that is just being written, the directory
  ///   does not know yet
  private static long notFound(Engine now, Segment segment, int count) {
    long wrong = 0;
    RecordTable table = segment.table();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      Optional<VectorId> id = table.id(ordinal);
      if (table.kind(ordinal) == RecordKind.UPSERT && segment.liveness().isLive(ordinal)) {
        // A write that came in between moved it on, or took it away.
        boolean behind = now.newest(id.orElseThrow()).sequence() < table.sequence(ordinal);
        // What happens to a vector after compaction moved it, its old segment does not hear of.
        boolean isLive = segment.liveness().isLive(ordinal) && !segment.isRetired();
        wrong += behind && isLive ? 1 : 0;
      }
    }
    return wrong;
  }

  /// The files that hold the vectors, in the order of their records.
  public List<SegmentFile> segmentFiles() {
    return new StoredFiles(settledEngine().log()).segments();
  }

  /// A sealed segment, as it lies on disk: a FLAC file that any program plays.
  ///
  /// @param file its name, as [SegmentFile] has it; it is compared with those that there are
  /// @return none if there is no such segment, or it is not sealed
  public Optional<StoredFile> openSegment(String file) {
    return new StoredFiles(settledEngine().log()).segment(file);
  }

  /// `index.sfv`: the checksums of all sealed segments; none as long as nothing was sealed.
  public Optional<StoredFile> openIndexSfv() {
    return openIndex(StoredFiles::sfv);
  }

  /// `index.json`: where each vector lay when [#buildIndex(IndexOptions, Progress)] last wrote it;
  /// none if it never did.
  public Optional<StoredFile> openIndexJson() {
    return openIndex(StoredFiles::json);
  }

  @FunctionalInterface
  private interface Opening {
    Optional<StoredFile> of(StoredFiles files) throws IOException;
  }

  private Optional<StoredFile> openIndex(Opening opening) {
    try {
      return opening.of(new StoredFiles(settledEngine().log()));
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    }
  }

  /// The files of the search index, in the order of what they are for.
  public List<SearchIndexPart> searchIndexParts() {
    return engine.search().described();
  }

  /// Figures of the collection.
  public CollectionStats stats() {
    try {
      Engine now = engine;
      SegmentLog.Sizes sizes = Uninterrupted.call(now.log()::sizes);
      return new CollectionStats(
          count(),
          sizes.records(),
          now.log().segments().size(),
          now.log().segments().stream().filter(Segment::isSealed).count(),
          sizes.diskBytes(),
          sizes.records() == 0 ? 0 : (double) sizes.frameBytes() / sizes.records(),
          sizes.headerBytes(),
          sizes.indexBytes(),
          sizes.frameBytes() - sizes.deadBytes(),
          sizes.frameBytes() == 0
              ? 1
              : (double) sizes.frameBytes() / Math.max(1, sizes.frameBytes() - sizes.deadBytes()),
          now.directory().sizeBytes(),
          lastSequence(),
          now.log().manifest().horizon(),
          now.log().manifest().completeFrom(),
          now.log().manifest().outdated(),
          spec.dimension(),
          spec.element(),
          spec.sonification(),
          spec.quantize(),
          rounding(now),
          spec.metric(),
          spec.durability(),
          spec.payloadIndexes(),
          now.payloads().size(),
          now.search().figures(),
          copy(now),
          now.log().syncs().count(),
          now.log().syncs().nanos() / 1e9,
          Kernels.BEST.name(),
          FlacKernels.name());
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    }
  }

  private Optional<RoundingReport> rounding(Engine now) {
    Optional<Manifest.Rounding> stored = now.log().manifest().rounding();
    Optional<RoundingSample> pending = sample;
    int known = stored.map(Manifest.Rounding::vectors).orElse(0);
    boolean isLarger = pending.isPresent() && pending.get().size() > known;
    return (isLarger ? pending.get().measure() : stored)
        .map(measured ->
            new RoundingReport(
                measured.vectors(),
                measured.meanStep(),
                measured.maxError(),
                measured.rmsError(),
                measured.relativeError(),
                measured.recallAt10()));
  }

  /// The sample that a collection has yet to fill; none when nothing is rounded, or what that does
  /// is known.
  private static Optional<RoundingSample> sample(CollectionSpec spec, Manifest manifest) {
    int known = manifest.rounding().map(Manifest.Rounding::vectors).orElse(0);
    return spec.quantize().isRounding() && known < RoundingSample.wanted(spec.dimension())
        ? Optional.of(new RoundingSample(spec))
        : Optional.empty();
  }

  private void sampled(List<Point> inserted) {
    Optional<RoundingSample> pending = sample;
    if (pending.isPresent() && pending.get().offer(inserted)) {
      Thread.ofPlatform().daemon().name("sonidb-rounding-" + name).start(this::noteRounding);
    }
  }

  /// Measures the sample, if it is larger than what is known, and keeps the result.
  private void noteRounding() {
    if (isReplica()) {
      return;
    }
    Optional<RoundingSample> pending = sample;
    Optional<Manifest.Rounding> measured = pending.flatMap(RoundingSample::measure);
    if (measured.isEmpty()) {
      return;
    }
    rebuilding.readLock().lock();
    try {
      SegmentLog log = engine.log();
      int known = log.manifest().rounding().map(Manifest.Rounding::vectors).orElse(0);
      if (!log.isClosed() && pending.equals(sample) && measured.get().vectors() > known) {
        Uninterrupted.call(() -> {
          log.noteRounding(measured.get());
          return log;
        });
        if (measured.get().vectors() == RoundingSample.wanted(spec.dimension())) {
          sample = Optional.empty();
        }
      }
    } catch (IOException e) {
      // The disk is full, most likely. Whatever cannot be written now is measured again, or not
      // known: no vector depends on it.
    } finally {
      rebuilding.readLock().unlock();
    }
  }

  // Backup -----------------------------------------------------------------------------------

  /// Brings a snapshot of this collection in another data folder up to date, or makes it there; by
  /// links where the file system can, as [#snapshot(Path, boolean, Progress)] says.
  public SnapshotReport snapshot(Path folder, Progress progress) {
    return snapshot(folder, false, progress);
  }

  /// Brings a snapshot of this collection in another data folder up to date, or makes it there.
  /// Others read and write meanwhile. What the folder has already is not written again.
  ///
  /// The folder is an ordinary data folder: it can be opened, verified and searched. Several
  /// collections may have their snapshots in one. A crash leaves the older snapshot or the new one.
  ///
  /// A snapshot made of links takes no space at first, and protects against deletions and mistakes,
  /// not against a disk that fails: for that, use a folder on another disk.
  ///
  /// @param folder not the database's own, and made if it is missing
  /// @param copy whether to copy even where links are possible; links that are there are replaced
  /// @throws FolderLockedException if the folder is open
  /// @throws StorageException if the folder cannot be used, a file of the collection is damaged or
  ///   the disk refuses; an older snapshot stays as it was
  public SnapshotReport snapshot(Path folder, boolean copy, Progress progress) {
    openAgain();
    building.lock();
    rebuilding.readLock().lock();
    try {
      return Uninterrupted.call(() -> Snapshots.write(engine.log(), folder, copy, progress));
    } catch (IOException e) {
      throw new StorageException(
          "collection " + name + ": snapshot in " + folder + ": " + e.getMessage(), e);
    } finally {
      rebuilding.readLock().unlock();
      building.unlock();
    }
  }

  /// @param parent where its folder is made
  Outgoing outgoing(Path parent, boolean seal, Progress progress) {
    openAgain();
    building.lock();
    rebuilding.readLock().lock();
    try {
      return Uninterrupted.call(() -> Outgoing.of(engine, parent, seal, progress));
    } catch (IOException e) {
      throw new StorageException("collection " + name + ": " + e.getMessage(), e);
    } finally {
      rebuilding.readLock().unlock();
      building.unlock();
    }
  }

  /// Inserts every point of another collection, as it is now, under the same ids. Points of the
  /// same ids are replaced, so it can be done again. Damaged vectors are left out, and named.
  ///
  /// @throws IllegalArgumentException if this collection cannot hold the vectors: with another
  ///   dimension before anything is written
  public ImportReport importFrom(Collection source, Progress progress) {
    try (CollectionView view = source.view()) {
      return importFrom(view, progress);
    }
  }

  /// Inserts every point of a view of another collection, as [#importFrom(Collection, Progress)].
  public ImportReport importFrom(CollectionView source, Progress progress) {
    return new Importing(this, source).run(progress);
  }

  void close() throws IOException {
    noteRounding();
    rebuilding.writeLock().lock();
    try {
      closed = true;
      Uninterrupted.call(() -> {
        engine.close();
        return engine;
      });
    } finally {
      rebuilding.writeLock().unlock();
    }
  }
}
