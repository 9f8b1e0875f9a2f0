package io.sonidb;

import io.sonidb.search.SearchPart;
import io.sonidb.store.CorruptManifestException;
import io.sonidb.store.LogReplica;
import io.sonidb.store.LogTail;
import io.sonidb.store.Manifest;
import io.sonidb.store.Manifest.SegmentEntry;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;

/// Takes states of collections in that came from elsewhere.
///
/// # What a crash leaves
///
/// The new state is made beside the old one, of links. Then the old folder is renamed to
/// `replaced-UUID`, the new one to `c-UUID`, and the old one is deleted. If the old one holds what
/// the new one has not, it is renamed to `diverged-UUID` instead and moved into a data folder of
/// its own in `sync/aside`. At a start in between, an old folder without a new one takes its place
/// again; else it goes where it was to go. So there is always the one state or the other.
final class Replicas {
  static final String REPLACED = "replaced-";
  static final String DIVERGED = "diverged-";

  /// What was taken in last, in the collection's folder.
  static final String STATE_FILE = "replica.manifest";

  private static final String ASIDE = "aside";
  private static final int MAX_MANIFEST = 512 << 20;
  private static final Set<String> MADE_HERE =
      Set.of(Manifest.FILE, SegmentLog.SFV_FILE, Outgoing.SHA256_FILE);

  private final Storage storage;
  private final Path data;
  private final Path collections;

  /// @param data the data folder
  Replicas(Storage storage, Path data) {
    this.storage = storage;
    this.data = data;
    this.collections = data.resolve(SoniDb.COLLECTIONS);
  }

  Path home(UUID uuid) {
    return collections.resolve("c-" + uuid);
  }

  Path inbox(UUID uuid) {
    return data.resolve(Outgoing.FOLDER).resolve("in").resolve(uuid.toString());
  }

  /// Finishes, or takes back, what a crash interrupted.
  void recover() throws IOException {
    for (String child : storage.list(collections)) {
      boolean diverged = child.startsWith(DIVERGED);
      if (diverged || child.startsWith(REPLACED)) {
        Path old = collections.resolve(child);
        Path home = collections.resolve("c-" + child.substring(child.indexOf('-') + 1));
        if (!storage.exists(home)) {
          storage.rename(old, home);
        } else if (diverged) {
          moveAside(old);
        } else {
          storage.deleteAll(old);
        }
        storage.syncFolder(collections);
      }
    }
  }

  /// The state that a collection's folder took in last, if it still is a replica of it.
  Optional<SyncManifest> state(Path home) throws IOException {
    Path file = home.resolve(STATE_FILE);
    if (!storage.exists(file)) {
      return Optional.empty();
    }
    try {
      return storage
          .readUpTo(file, MAX_MANIFEST)
          .map(bytes -> SyncManifest.parse(new String(bytes, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException damaged) {
      return Optional.empty(); // then all is compared file by file
    }
  }

  /// Number of the newest write in the states that a log took in; what is behind it was heard.
  private long taken(SegmentLog log) throws IOException {
    return log.manifest().replica()
        ? state(log.folder()).map(SyncManifest::sequence).orElse(log.lastSequence())
        : log.lastSequence();
  }

  /// Whether a state may take the place of what a log holds.
  ///
  /// @throws SyncRefusedException if it is older, or what is here counts as well
  void checkWelcome(SyncManifest state, SegmentLog log) throws IOException {
    Manifest manifest = log.manifest();
    long taken = taken(log);
    String name = manifest.header().name();
    if (state.epoch() < manifest.epoch()) {
      throw new SyncRefusedException(
          "collection "
              + name
              + " is in epoch "
              + manifest.epoch()
              + " here, later than epoch "
              + state.epoch()
              + " of what comes",
          manifest.epoch());
    }
    if (!manifest.replica() && state.epoch() == manifest.epoch()) {
      throw new SyncRefusedException(
          "collection "
              + name
              + " is no replica but written to here, in the same epoch "
              + state.epoch()
              + ": promote the one that is to count, or drop the other",
          0);
    }
    if (state.epoch() == manifest.epoch() && state.sequence() < taken) {
      throw new SyncRefusedException(
          "collection "
              + name
              + " has newer writes here, up to "
              + taken
              + ", than what comes, up to "
              + state.sequence(),
          0);
    }
  }

  /// Which files of a state are neither in the collection's folder nor in the inbox. What lies in
  /// the inbox and does not belong to the state is deleted.
  List<SyncFile> missing(SyncManifest state) throws IOException {
    Path home = home(state.uuid());
    Optional<SyncManifest> there = state(home);
    if (there.equals(Optional.of(state)) && allAtHome(state, home)) {
      return List.of();
    }
    Set<SyncFile> known = new HashSet<>(there.map(SyncManifest::files).orElse(List.of()));
    known.addAll(sealed(home));
    Path inbox = inbox(state.uuid());
    clear(inbox, state);
    storage.createFolders(inbox);
    storage.replace(inbox.resolve(STATE_FILE), ByteBuffer.wrap(state.bytesOfText()));
    List<SyncFile> missing = new ArrayList<>();
    for (SyncFile file : state.files()) {
      boolean isMade = MADE_HERE.contains(file.name());
      if (isMade && !file.name().equals(Manifest.FILE)) {
        continue;
      }
      boolean isHere = !isMade && known.contains(file) && hasSize(home, file);
      if (!isHere && !hasArrived(inbox, file)) {
        missing.add(file);
      }
    }
    return missing;
  }

  private boolean allAtHome(SyncManifest state, Path home) throws IOException {
    for (SyncFile file : state.files()) {
      if (!MADE_HERE.contains(file.name()) && !hasSize(home, file)) {
        return false;
      }
    }
    return true;
  }

  /// The segments that a collection's own manifest names.
  private List<SyncFile> sealed(Path home) throws IOException {
    List<SyncFile> files = new ArrayList<>();
    if (storage.exists(home.resolve(Manifest.FILE))) {
      try {
        files.addAll(sealed(Manifest.read(storage, home)));
      } catch (CorruptManifestException e) {
        return List.of();
      }
    }
    return files;
  }

  /// The segments that a manifest names.
  static List<SyncFile> sealed(Manifest manifest) {
    List<SyncFile> files = new ArrayList<>();
    for (SegmentEntry entry : manifest.segments()) {
      entry
          .sealed()
          .ifPresent(sealed ->
              files.add(
                  new SyncFile(
                      Manifest.SEGMENT_FOLDER + "/" + entry.file(),
                      entry.committedBytes(),
                      sealed.crc32(),
                      sealed.sha256())));
    }
    return files;
  }

  private boolean hasSize(Path folder, SyncFile file) throws IOException {
    Path path = folder.resolve(file.name());
    if (!storage.exists(path)) {
      return false;
    }
    try (Storage.File open = storage.open(path)) {
      return open.size() == file.size();
    }
  }

  /// Whether a file lies in the inbox, whole. One of the same name that another state announced is
  /// deleted.
  private boolean hasArrived(Path inbox, SyncFile file) throws IOException {
    if (!storage.exists(inbox.resolve(file.name()))) {
      return false;
    }
    if (Outgoing.digest(storage, inbox, file.name()).equals(file)) {
      return true;
    }
    storage.delete(inbox.resolve(file.name()));
    return false;
  }

  /// Deletes what does not belong to a state, half of a file of the same name in another state too.
  private void clear(Path inbox, SyncManifest state) throws IOException {
    Set<String> wanted = new HashSet<>();
    Set<SyncFile> begun = new HashSet<>(state(inbox).map(SyncManifest::files).orElse(List.of()));
    for (SyncFile file : state.files()) {
      wanted.add(file.name());
      if (begun.contains(file)) {
        wanted.add(file.name() + "~");
      }
    }
    for (String child : storage.list(inbox)) {
      if (child.equals(Manifest.SEGMENT_FOLDER)) {
        for (String file : storage.list(inbox.resolve(child))) {
          if (!wanted.contains(child + "/" + file)) {
            storage.deleteAll(inbox.resolve(child).resolve(file));
          }
        }
      } else if (!wanted.contains(child)) {
        storage.deleteAll(inbox.resolve(child));
      }
    }
  }

  /// Makes the folder of a state beside that of the collection.
  ///
  /// @param name that it gets
  /// @param cores decode what came in
  /// @throws IOException if something is missing or not what it should be; nothing is left
  Made make(SyncManifest state, String name, Executor cores, Progress progress) throws IOException {
    Path home = home(state.uuid());
    Path inbox = inbox(state.uuid());
    Path fresh = collections.resolve(SoniDb.NEW + UUID.randomUUID());
    if (!storage.exists(inbox.resolve(Manifest.FILE))) {
      throw new IOException(Manifest.FILE + " has not arrived");
    }
    try {
      LogReplica replica =
          new LogReplica(
              storage, inbox, storage.exists(home) ? Optional.of(home) : Optional.empty());
      check(state, replica.manifest());
      storage.createFolders(fresh);
      Set<SyncFile> known = new HashSet<>(state(home).map(SyncManifest::files).orElse(List.of()));
      for (SyncFile file : state.files()) {
        if (SearchPart.isPart(file.name())) {
          Path from = known.contains(file) && hasSize(home, file) ? home : inbox;
          if (hasSize(from, file)) {
            storage.link(from.resolve(file.name()), fresh.resolve(file.name()));
          }
        }
      }
      storage.replace(fresh.resolve(Outgoing.SHA256_FILE), sums(state));
      storage.replace(fresh.resolve(STATE_FILE), ByteBuffer.wrap(state.bytesOfText()));
      replica.create(fresh, name, cores, progress::update);
      storage.syncFolder(collections);
      return new Made(fresh, replica);
    } catch (IOException | RuntimeException e) {
      try {
        storage.deleteAll(fresh);
      } catch (IOException cannotDelete) {
        e.addSuppressed(cannotDelete); // the next start deletes it
      }
      throw e;
    }
  }

  private static ByteBuffer sums(SyncManifest state) {
    StringBuilder text = new StringBuilder();
    for (SyncFile file : state.files()) {
      if (!MADE_HERE.contains(file.name())) {
        text.append(Outgoing.sha256Line(file));
      }
    }
    return ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /// What `collection.json` says must be what the manifest of the whole says.
  private static void check(SyncManifest state, Manifest manifest) throws IOException {
    if (!manifest.header().uuid().equals(state.uuid()) || manifest.epoch() != state.epoch()) {
      throw new IOException(Manifest.FILE + " is of another collection, or another epoch");
    }
    Set<SyncFile> announced = new HashSet<>(state.files());
    for (SegmentEntry entry : manifest.segments()) {
      SyncFile file =
          new SyncFile(
              Manifest.SEGMENT_FOLDER + "/" + entry.file(),
              entry.committedBytes(),
              entry.sealed().orElseThrow().crc32(),
              entry.sealed().orElseThrow().sha256());
      if (!announced.contains(file)) {
        throw new IOException(file.name() + " is not what was announced");
      }
    }
  }

  /// A folder that is ready to take the place of the collection's.
  record Made(Path folder, LogReplica replica) {}

  /// Renames the folders of a state that takes another one's place.
  final class Exchange implements Collection.Exchange {
    private final SyncManifest state;
    private final Made made;
    private final Path home;
    private final LogTail tail;
    private List<String> diverging = List.of();
    private Path old;

    /// @param tail takes over what was heard behind the new state
    Exchange(SyncManifest state, Made made, LogTail tail) {
      this.state = state;
      this.made = made;
      this.tail = tail;
      this.home = home(state.uuid());
      this.old = collections.resolve(REPLACED + state.uuid());
    }

    @Override
    public void begin(SegmentLog log) throws IOException {
      checkWelcome(state, log); // it may have changed since what came was decoded
      diverging = made.replica().diverging(log, taken(log) + 1);
      takeOver(log);
      tail.close();
      if (!diverging.isEmpty()) {
        old = collections.resolve(DIVERGED + state.uuid());
      }
    }

    /// Takes over what was heard behind the new state, or has been heard since the last call.
    void takeOver(SegmentLog log) throws IOException {
      if (made.replica().isSameHistory(log)) {
        tail.takeOver(log, state.sequence());
      }
    }

    /// Segments of the old folder that the new one has not.
    List<String> diverging() {
      return diverging;
    }

    @Override
    public void forth() throws IOException {
      storage.rename(home, old);
      storage.rename(made.folder(), home);
      storage.syncFolder(collections);
    }

    @Override
    public void back() throws IOException {
      if (storage.exists(old)) {
        storage.deleteAll(home);
        storage.rename(old, home);
        storage.syncFolder(collections);
      }
    }

    /// @return where the old folder is, if it was to be kept
    Optional<Path> end() throws IOException {
      if (!diverging.isEmpty()) {
        return Optional.of(moveAside(old));
      }
      storage.deleteAll(old);
      return Optional.empty();
    }
  }

  /// Renames segments that are whole over damaged ones.
  final class Repair implements Collection.Exchange {
    private final Path home;
    private final Path from;
    private final List<SyncFile> files;

    Repair(Path home, Path from, List<SyncFile> files) throws IOException {
      this.home = home;
      this.from = from;
      this.files = files;
      for (SyncFile file : files) {
        if (!Outgoing.digest(storage, from, file.name()).equals(file)) {
          throw new IOException(file.name() + " is not what it should be");
        }
      }
    }

    @Override
    public void begin(SegmentLog log) {
      if (!sealed(log.manifest()).containsAll(files)) { // compaction came in between
        throw new SyncRefusedException("the segments were rewritten meanwhile: verify again", 0);
      }
    }

    @Override
    public void forth() throws IOException {
      for (SyncFile file : files) {
        storage.rename(from.resolve(file.name()), home.resolve(file.name()));
      }
      storage.syncFolder(home.resolve(Manifest.SEGMENT_FOLDER));
    }

    @Override
    public void back() {
      // Each file is right by itself, whichever were renamed.
    }
  }

  /// @return a data folder that has the collection
  private Path moveAside(Path old) throws IOException {
    Path to = data.resolve(Outgoing.FOLDER).resolve(ASIDE).resolve(UUID.randomUUID().toString());
    String name = String.valueOf(old.getFileName());
    Path parent = to.resolve(SoniDb.COLLECTIONS);
    storage.createFolders(parent);
    storage.rename(old, parent.resolve("c-" + name.substring(name.indexOf('-') + 1)));
    storage.syncFolder(parent);
    storage.syncFolder(collections);
    return to;
  }

  /// Deletes what came in.
  void clearInbox(UUID uuid) throws IOException {
    storage.deleteAll(inbox(uuid));
  }
}
