package io.sonidb;

import io.sonidb.store.FileStorage;
import io.sonidb.store.LogTail;
import io.sonidb.store.Manifest;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A database in a folder: named collections of vectors, kept as sound.
///
/// One process at a time has a folder open. Safe for use by any number of threads.
public final class SoniDb implements AutoCloseable {
  static final String LOCK_FILE = "sonidb.lock";
  static final String COLLECTIONS = "collections";
  private static final int MAX_NAME_BYTES = 255;

  /// The threads that share the work of large operations.
  ///
  /// @param encoding of batches, which must not wait behind a long scan
  /// @param scanning for search, scans and checks
  /// @param count threads of each
  record Cores(ExecutorService encoding, ExecutorService scanning, int count) {
    static Cores of(int count) {
      return new Cores(pool("sonidb-encode-", count), pool("sonidb-scan-", count), count);
    }

    private static ExecutorService pool(String name, int count) {
      return Executors.newFixedThreadPool(
          count, Thread.ofPlatform().daemon().name(name, 0).factory());
    }

    void shutdown() {
      encoding.shutdown();
      scanning.shutdown();
    }
  }

  private final Storage storage;
  private final Path folder;
  private final Optional<Closeable> lock;
  private final Cores cores;
  private final SoniDbOptions options;
  private final Sweeper sweeper = new Sweeper(this::openedCollections);
  private final Indexer indexer = new Indexer();
  private final Replicas replicas;
  private final List<String> warnings = new ArrayList<>();
  private final TreeMap<String, Entry> collections = new TreeMap<>(); // guarded by this
  private final TreeMap<String, Exception> leftOut = new TreeMap<>(); // guarded by this
  private boolean closed;

  /// A collection and the folder that it lies in.
  private record Entry(Collection collection, Path folder) {}

  private SoniDb(Storage storage, Path folder, Optional<Closeable> lock, SoniDbOptions options) {
    this.storage = storage;
    this.folder = folder;
    this.lock = lock;
    int count =
        options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
    this.cores = Cores.of(count);
    this.options = options;
    this.replicas = new Replicas(storage, folder);
  }

  /// Opens a data folder, which is created if it is not there.
  ///
  /// @throws FolderLockedException if it is open already
  /// @throws StorageException if it cannot be read or written
  public static SoniDb open(Path folder) {
    return open(folder, SoniDbOptions.DEFAULT);
  }

  /// Opens a data folder, which is created if it is not there.
  ///
  /// @throws FolderLockedException if it is open already
  /// @throws StorageException if it cannot be read or written
  public static SoniDb open(Path folder, SoniDbOptions options) {
    try {
      FileStorage.INSTANCE.createFolders(folder);
      Closeable lock = lock(folder);
      try {
        return open(FileStorage.INSTANCE, folder, Optional.of(lock), options);
      } catch (IOException | RuntimeException | Error e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw storageException("data folder " + folder, e);
    }
  }

  static SoniDb open(Storage storage, Path folder, Optional<Closeable> lock, SoniDbOptions options)
      throws IOException {
    SoniDb db = new SoniDb(storage, folder, lock, options);
    try {
      Uninterrupted.call(() -> {
        synchronized (db) {
          db.openCollections();
        }
        return db;
      });
    } catch (IOException | RuntimeException | Error e) {
      try {
        db.close(); // and with it the lock
      } catch (SoniDbException cannotClose) {
        e.addSuppressed(cannotClose);
      }
      throw e;
    }
    return db;
  }

  private static Closeable lock(Path folder) throws IOException {
    Path file = folder.resolve(LOCK_FILE);
    if (FileStorage.isLockedHere(file)) {
      throw new FolderLockedException("data folder " + folder + " is already open in this process");
    }
    return FileStorage.INSTANCE
        .lock(file)
        .orElseThrow(() ->
            new FolderLockedException(
                "data folder "
                    + folder
                    + " is in use by another process: close it there, or give another --data"
                    + " folder"));
  }

  private void openCollections() throws IOException {
    replicas.recover();
    for (String child : storage.list(folder.resolve(Outgoing.FOLDER))) {
      if (child.startsWith(Outgoing.PREFIX)) {
        storage.deleteAll(folder.resolve(Outgoing.FOLDER).resolve(child));
      }
    }
    Path parent = folder.resolve(COLLECTIONS);
    storage.createFolders(parent);
    // A process that died may have renamed a folder without syncing; what is found counts from now
    // on.
    storage.syncFolder(parent);
    for (String child : storage.list(parent)) {
      Path path = parent.resolve(child);
      if (child.startsWith(DROPPED) || child.startsWith(NEW)) {
        storage.deleteAll(path);
      } else if (storage.exists(path.resolve("segments"))) {
        Optional<Collection> opened = tryToOpen(path);
        if (opened.isEmpty()) {
          continue;
        }
        Collection collection = opened.get();
        collection.repairs().forEach(note -> warnings.add(collection.name() + ": " + note));
        collection
            .engine()
            .log()
            .damageAtOpen()
            .forEach(damage ->
                warnings.add(
                    collection.name()
                        + ": damage in "
                        + damage.file()
                        + (damage.offset() < 0 ? "" : " at byte " + damage.offset())
                        + ": "
                        + damage.reason()));
        collections.put(collection.name(), new Entry(collection, path));
      }
    }
  }

  /// Opens a collection; one that cannot be opened must not keep the others shut.
  private Optional<Collection> tryToOpen(Path path) throws IOException {
    try {
      Collection collection = openCollection(path);
      if (!collections.containsKey(collection.name())) {
        return Optional.of(collection);
      }
      collection.close();
      warnings.add(
          path
              + " holds another collection named "
              + collection.name()
              + " and is left out: move it to a data folder of its own");
    } catch (IOException | RuntimeException e) {
      warnings.add(path + " cannot be opened and is left out: " + e.getMessage());
      Manifest.nameIn(storage, path).ifPresent(name -> leftOut.put(name, e));
    }
    return Optional.empty();
  }

  private Collection openCollection(Path path) throws IOException {
    Collection.Opener opener =
        () ->
            Engine.open(
                storage, path, cores.encoding(), cores.count(), options, sweeper::wake, indexer);
    Engine first = opener.open();
    try {
      Manifest manifest = first.log().manifest();
      CollectionSpec spec = CollectionSpec.of(manifest);
      return new Collection(
          this, manifest.header().name(), spec, first, opener, cores, options.clock());
    } catch (RuntimeException e) {
      first.close();
      throw e;
    }
  }

  static final String DROPPED = "dropped-";
  static final String NEW = "new-";

  /// Creates an empty collection.
  ///
  /// @param name 1 to 255 bytes of UTF-8 without control characters
  /// @throws CollectionExistsException if there is one of that name
  public synchronized Collection create(String name, CollectionSpec spec) {
    checkOpen();
    checkName(name);
    checkAbsent(name);
    // A generated name is safe on every file system, whatever the collection is called.
    UUID uuid = UUID.randomUUID();
    Path parent = folder.resolve(COLLECTIONS);
    Path path = parent.resolve("c-" + uuid);
    try {
      return Uninterrupted.call(() -> create(name, spec, uuid, parent, path));
    } catch (IOException e) {
      if (storage.exists(path)) {
        leftOut.put(name, e); // it is there: a second one must not be made beside it
      }
      throw storageException("collection " + name, e);
    }
  }

  private void checkAbsent(String name) {
    if (collections.containsKey(name)) {
      throw new CollectionExistsException("collection " + name + " exists already");
    }
    Exception cannotOpen = leftOut.get(name);
    if (cannotOpen != null) {
      throw new CollectionExistsException(
          "collection " + name + " exists, but cannot be opened: " + cannotOpen.getMessage());
    }
  }

  private Collection create(String name, CollectionSpec spec, UUID uuid, Path parent, Path path)
      throws IOException {
    Path fresh = parent.resolve(NEW + uuid);
    SegmentLog.create(storage, fresh, spec.header(name, uuid), spec.settings());
    storage.syncFolder(fresh);
    storage.rename(fresh, path);
    storage.syncFolder(parent);
    storage.syncFolder(folder);
    Collection collection = openCollection(path);
    collections.put(name, new Entry(collection, path));
    return collection;
  }

  private static void checkName(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes < 1 || bytes > MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "a collection's name must be 1 to " + MAX_NAME_BYTES + " bytes, was " + bytes);
    }
    if (name.chars()
        .anyMatch(c ->
            Character.isISOControl(c)
                || Character.isSurrogate((char) c)
                    && !StandardCharsets.UTF_8.newEncoder().canEncode(name))) {
      throw new IllegalArgumentException("a collection's name must not contain control characters");
    }
  }

  /// The collection of that name.
  ///
  /// @throws CollectionNotFoundException if there is none
  /// @throws StorageException if there is one that cannot be opened
  public Collection collection(String name) {
    return find(name)
        .orElseThrow(() ->
            new CollectionNotFoundException(
                "there is no collection "
                    + name
                    + (collections().isEmpty()
                        ? "; the database is empty"
                        : "; there are " + String.join(", ", collections()))));
  }

  /// The collection of that name, if there is one.
  ///
  /// @throws StorageException if there is one that cannot be opened
  public synchronized Optional<Collection> find(String name) {
    checkOpen();
    Exception cannotOpen = leftOut.get(name);
    if (cannotOpen != null && !collections.containsKey(name)) {
      throw storageException(
          "collection " + name,
          cannotOpen instanceof IOException io
              ? io
              : new IOException(cannotOpen.getMessage(), cannotOpen));
    }
    return Optional.ofNullable(collections.get(name)).map(Entry::collection);
  }

  /// Names of all collections, sorted.
  public synchronized List<String> collections() {
    checkOpen();
    return List.copyOf(collections.keySet());
  }

  /// Deletes a collection with everything in it.
  ///
  /// @throws CollectionNotFoundException if there is none of that name
  public synchronized void drop(String name) {
    collection(name);
    Entry entry = collections.get(name);
    if (entry == null) {
      return;
    }
    Path parent = folder.resolve(COLLECTIONS);
    Path doomed = parent.resolve(DROPPED + UUID.randomUUID());
    try {
      Uninterrupted.call(() -> {
        try {
          entry.collection().close();
        } catch (IOException e) {
          // A full disk, most likely; all of it goes away now.
          warnings.add("collection " + name + " was dropped, but not closed: " + e.getMessage());
        }
        // Renamed first: a crash in the middle leaves a folder that the next start removes.
        storage.rename(entry.folder(), doomed);
        collections.remove(name);
        storage.syncFolder(parent);
        storage.deleteAll(doomed);
        return name;
      });
    } catch (IOException e) {
      throw storageException("collection " + name, e);
    }
  }

  // Sending ----------------------------------------------------------------------------------

  /// The files of a collection as they are now, for sending them to another node.
  ///
  /// @param seal whether what the open segment holds is to be among them, which ends that segment;
  ///   done in any case once compaction has been at work, since else they might be no state that
  ///   there ever was
  /// @return to be closed when they are not needed any more
  /// @throws CollectionNotFoundException if there is none of that name
  /// @throws StorageException if a segment cannot be sealed, or the disk refuses
  public Outgoing outgoing(String name, boolean seal, Progress progress) {
    return collection(name).outgoing(folder.resolve(Outgoing.FOLDER), seal, progress);
  }

  /// The folder for what other nodes send; not there until somebody makes it.
  public Path inbox() {
    return folder.resolve(Outgoing.FOLDER).resolve("in");
  }

  // Receiving --------------------------------------------------------------------------------

  /// The files of a state of a collection from elsewhere that have to come before [#receive] can
  /// take it in; they go to the folder of its UUID in [#inbox]. What lies there and is not of this
  /// state is deleted.
  ///
  /// @return empty if nothing has to come; if nothing has changed either, it is here already
  /// @throws SyncRefusedException if the state is not to be taken in
  public List<SyncFile> missing(SyncManifest state) {
    return filed(() -> {
      checkWelcome(state);
      return replicas.missing(state);
    });
  }

  /// Takes in a state of a collection from elsewhere, whose files are all here: every segment that
  /// came is decoded, then the collection is in that state, from one moment to the next, and is not
  /// written to here. Readers go on meanwhile.
  ///
  /// @throws SyncRefusedException if the state is not to be taken in
  /// @throws StorageException if a file is missing or damaged; the collection is as it was
  public ReceiveReport receive(SyncManifest state, Progress progress) {
    return filed(() -> received(state, progress));
  }

  /// Whether a state of a collection from elsewhere is what is here.
  public boolean has(SyncManifest state) {
    return filed(() -> isHere(state));
  }

  private boolean isHere(SyncManifest state) throws IOException {
    Optional<Collection> here = find(state.uuid());
    return here.isPresent()
        && here.get().isReplica()
        && replicas.state(replicas.home(state.uuid())).equals(Optional.of(state))
        && replicas.missing(state).isEmpty();
  }

  /// The sealed segments of a collection as they should be, whatever they are now.
  ///
  /// @param names such as `segments/0001-00000001.flac`; others are left out
  public List<SyncFile> sealed(String name, java.util.Collection<String> names) {
    return Replicas.sealed(collection(name).engine().log().manifest()).stream()
        .filter(file -> names.contains(file.name()))
        .toList();
  }

  /// Puts whole segments in the place of damaged ones. Readers go on meanwhile.
  ///
  /// @param from a folder in [#inbox] that has them; it is deleted afterwards
  /// @param files as [#sealed] tells them
  /// @throws StorageException if one of them is not what it should be; nothing has changed
  public void repair(String name, Path from, List<SyncFile> files) {
    Collection collection = collection(name);
    filed(() -> {
      Replicas.Repair repair = replicas.new Repair(collection.engine().log().folder(), from, files);
      collection.exchange(repair);
      storage.deleteAll(from);
      return repair;
    });
  }

  private <T> T filed(Callable<T> work) {
    try {
      return Uninterrupted.call(work);
    } catch (IOException e) {
      throw storageException("syncing", e);
    }
  }

  /// The collection of a UUID, if it is here.
  public synchronized Optional<Collection> find(UUID uuid) {
    checkOpen();
    return collections.values().stream()
        .map(Entry::collection)
        .filter(each -> each.engine().log().header().uuid().equals(uuid))
        .findAny();
  }

  /// @return the collection that the state is of, if it is here
  private synchronized Optional<Collection> checkWelcome(SyncManifest state) throws IOException {
    Optional<Collection> here = find(state.uuid());
    if (here.isPresent()) {
      replicas.checkWelcome(state, here.get().engine().log());
      return here;
    }
    if (collections.containsKey(state.name()) || leftOut.containsKey(state.name())) {
      throw new SyncRefusedException(
          "collection "
              + state.name()
              + " of this node is another one, which has only the name in common: drop it first",
          0);
    }
    if (storage.exists(replicas.home(state.uuid()))) {
      throw new SyncRefusedException(
          "collection " + state.name() + " is here, but cannot be opened", 0);
    }
    return Optional.empty();
  }

  private ReceiveReport received(SyncManifest state, Progress progress) throws IOException {
    long start = System.nanoTime();
    Optional<Collection> here = checkWelcome(state);
    if (here.isPresent() && isHere(state)) {
      replicas.clearInbox(state.uuid());
      return report(here.get(), false, false, List.of(), Optional.empty(), start);
    }
    String name = here.map(Collection::name).orElse(state.name());
    Replicas.Made made = replicas.make(state, name, cores.scanning(), progress);
    try {
      ReceiveReport report =
          here.isPresent()
              ? exchanged(here.get(), state, made, start)
              : adopted(name, state, made, start);
      replicas.clearInbox(state.uuid());
      return report;
    } finally {
      storage.deleteAll(made.folder()); // if it was not renamed
    }
  }

  private ReceiveReport adopted(String name, SyncManifest state, Replicas.Made made, long start)
      throws IOException {
    Collection collection = adopt(name, state.uuid(), Optional.of(made.folder())).orElseThrow();
    return report(collection, true, true, List.of(), Optional.empty(), start);
  }

  private ReceiveReport exchanged(
      Collection here, SyncManifest state, Replicas.Made made, long start) throws IOException {
    Replicas.Exchange folders;
    try (LogTail tail = new LogTail(storage, made.folder(), cores.encoding(), cores.count())) {
      folders = replicas.new Exchange(state, made, tail);
      here.takeOver(folders); // most of it while readers and the stream go on
      here.exchange(folders);
    }
    return report(here, false, true, folders.diverging(), folders.end(), start);
  }

  private static ReceiveReport report(
      Collection collection,
      boolean created,
      boolean changed,
      List<String> diverging,
      Optional<Path> aside,
      long start) {
    return new ReceiveReport(
        collection.name(),
        created,
        changed,
        collection.count(),
        collection.lastSequence(),
        collection.epoch(),
        diverging,
        aside,
        (System.nanoTime() - start) / 1e9);
  }

  // Restoring and importing ------------------------------------------------------------------

  /// Restores every collection of a snapshot folder into this database. Files are copied and
  /// compared with their checksums; the snapshot stays as it is.
  ///
  /// Each collection is restored whole or not at all, and none if one of the files is damaged.
  ///
  /// @param snapshot a folder that [Collection#snapshot] wrote
  /// @return what was restored, sorted by name
  /// @throws CollectionExistsException if there is one of the same name or origin here
  /// @throws FolderLockedException if the snapshot folder is open
  /// @throws StorageException if the folder is no snapshot, or damaged
  public List<RestoreReport> restore(Path snapshot, Progress progress) {
    return restore(snapshot, Optional.empty(), Optional.empty(), progress);
  }

  /// Restores one collection of a snapshot folder into this database.
  ///
  /// @param snapshot a folder that [Collection#snapshot] wrote
  /// @param name of the collection there
  /// @param as its name here
  /// @throws CollectionNotFoundException if there is none of that name in the snapshot
  /// @throws CollectionExistsException if there is one of the same name or origin here
  /// @throws FolderLockedException if the snapshot folder is open
  /// @throws StorageException if the folder is no snapshot, or damaged
  public RestoreReport restore(Path snapshot, String name, String as, Progress progress) {
    checkName(as);
    return restore(snapshot, Optional.of(name), Optional.of(as), progress).getFirst();
  }

  private List<RestoreReport> restore(
      Path snapshot, Optional<String> name, Optional<String> as, Progress progress) {
    try {
      Restoring restoring = new Restoring(storage, folder.resolve(COLLECTIONS), this::adopt);
      return Uninterrupted.call(() -> restoring.run(snapshot, name, as, progress));
    } catch (IOException e) {
      throw storageException("snapshot " + snapshot, e);
    }
  }

  /// Takes a collection's folder in, or only checks that it could.
  ///
  /// @param fresh the folder; empty to check
  private synchronized Optional<Collection> adopt(String name, UUID uuid, Optional<Path> fresh)
      throws IOException {
    checkOpen();
    checkAbsent(name);
    Path parent = folder.resolve(COLLECTIONS);
    Path path = parent.resolve("c-" + uuid);
    for (Entry entry : collections.values()) {
      if (entry.collection().engine().log().header().uuid().equals(uuid)) {
        throw new CollectionExistsException(
            "collection "
                + entry.collection().name()
                + " is the same collection as that in the snapshot: drop it first");
      }
    }
    if (storage.exists(path)) {
      throw new CollectionExistsException(
          path + " is the same collection as that in the snapshot, and cannot be opened");
    }
    if (fresh.isEmpty()) {
      return Optional.empty();
    }
    storage.rename(fresh.get(), path);
    try {
      storage.syncFolder(parent);
      Collection collection = openCollection(path);
      collections.put(name, new Entry(collection, path));
      return Optional.of(collection);
    } catch (IOException | RuntimeException e) {
      Path doomed = parent.resolve(DROPPED + UUID.randomUUID());
      storage.rename(path, doomed);
      storage.deleteAll(doomed);
      throw e;
    }
  }

  /// Inserts every point of a collection in another data folder, under the same ids, into one of
  /// this database, which is created like the other if it is not there. Points of the same ids are
  /// replaced, so it can be done again.
  ///
  /// @param dataFolder is opened meanwhile, so nobody else may have it open
  /// @param name of the collection there
  /// @param as its name here
  /// @throws CollectionNotFoundException if there is none of that name there
  /// @throws IllegalArgumentException if the collection here cannot hold the vectors: with another
  ///   dimension before anything is written
  /// @throws StorageException if there is no such folder
  public ImportReport importFrom(Path dataFolder, String name, String as, Progress progress) {
    if (!storage.exists(dataFolder.resolve(COLLECTIONS))) {
      throw new StorageException(dataFolder + " is no data folder of SoniDB");
    }
    try (SoniDb other =
        open(
            dataFolder,
            new SoniDbOptions(cores.count(), false, Indexing.BY_HAND, options.clock()))) {
      Collection source = other.collection(name);
      Collection target = find(as).orElseGet(() -> create(as, source.spec()));
      return target.importFrom(source, progress);
    }
  }

  private synchronized List<Collection> openedCollections() {
    return collections.values().stream().map(Entry::collection).toList();
  }

  /// What was found damaged or repaired when the folder was opened, for people.
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the database is closed");
    }
  }

  /// Waits for writes and for sealing that are under way, and closes every collection. The open
  /// segments stay open.
  @Override
  public void close() {
    sweeper.close(); // it may ask for the collections: not while they are being closed
    closeCollections();
  }

  private synchronized void closeCollections() {
    if (closed) {
      return;
    }
    closed = true;
    List<IOException> failures = new ArrayList<>();
    for (Entry entry : collections.values()) {
      try {
        entry.collection().close();
      } catch (IOException | RuntimeException e) {
        failures.add(e instanceof IOException io ? io : new IOException(e.toString(), e));
      }
    }
    indexer.close();
    cores.shutdown();
    if (lock.isPresent()) {
      try {
        lock.get().close();
      } catch (IOException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      throw storageException("closing " + folder, failures.getFirst());
    }
  }

  private static SoniDbException storageException(String what, IOException e) {
    if (e instanceof io.sonidb.store.UnsupportedFormatException) {
      return new UnsupportedFormatException(String.valueOf(e.getMessage()), e);
    }
    String reason =
        e instanceof java.nio.file.AccessDeniedException
            ? "permission denied: " + e.getMessage()
            : e instanceof java.nio.file.FileSystemException
                ? e.getMessage() + " (" + e.getClass().getSimpleName() + ")"
                : e.getMessage();
    return new StorageException(what + ": " + reason, e);
  }
}
