package io.sonidb;

import io.sonidb.store.CollectionHeader;
import io.sonidb.store.CorruptManifestException;
import io.sonidb.store.CorruptSegmentException;
import io.sonidb.store.LogRestore;
import io.sonidb.store.Manifest;
import io.sonidb.store.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Restores collections of a snapshot: all of them are copied and checked before the first one is
/// taken in.
final class Restoring {
  /// Takes collections into a database.
  interface Into {
    /// @param fresh folder of the collection; empty to check only
    /// @return the collection, if there was a folder
    /// @throws CollectionExistsException if there is one of that name or UUID
    Optional<Collection> adopt(String name, UUID uuid, Optional<Path> fresh) throws IOException;
  }

  /// A collection on its way.
  private record Copied(LogRestore from, String name, Path fresh, long nanos) {}

  private final Storage storage;
  private final Path collections;
  private final Into into;

  /// @param collections the folder of the database's collections
  Restoring(Storage storage, Path collections, Into into) {
    this.storage = storage;
    this.collections = collections;
    this.into = into;
  }

  /// @param name of the only collection to be restored; empty for all
  /// @param as the name that it gets
  List<RestoreReport> run(
      Path snapshot, Optional<String> name, Optional<String> as, Progress progress)
      throws IOException {
    if (!storage.exists(snapshot.resolve(SoniDb.COLLECTIONS))) {
      throw new IOException("there is no data folder of SoniDB");
    }
    try (Closeable _ = lock(snapshot)) {
      List<LogRestore> found = find(snapshot, name);
      for (LogRestore each : found) {
        into.adopt(as.orElse(each.header().name()), each.header().uuid(), Optional.empty());
      }
      return restore(found, as, progress);
    }
  }

  /// Locks the snapshot, unless it is on a medium that cannot be written to.
  private Closeable lock(Path snapshot) throws IOException {
    Optional<Closeable> lock;
    try {
      lock = storage.lock(snapshot.resolve(SoniDb.LOCK_FILE));
    } catch (FileSystemException readOnly) {
      return () -> {};
    }
    return lock.orElseThrow(
        () -> new FolderLockedException("snapshot " + snapshot + " is in use: close it there"));
  }

  private List<LogRestore> find(Path snapshot, Optional<String> name) throws IOException {
    List<LogRestore> found = new ArrayList<>();
    Path parent = snapshot.resolve(SoniDb.COLLECTIONS);
    for (String child : storage.list(parent)) {
      Path path = parent.resolve(child);
      boolean isAsked =
          name.isEmpty() || Manifest.nameIn(storage, path).map(name.get()::equals).orElse(true);
      if (Snapshots.isCollection(storage, path) && isAsked) {
        LogRestore each = read(path);
        if (name.isEmpty() || name.get().equals(each.header().name())) {
          found.add(each);
        }
      }
    }
    if (found.isEmpty()) {
      throw new CollectionNotFoundException(
          "there is no collection " + name.map(n -> n + " ").orElse("") + "in " + snapshot);
    }
    found.sort(Comparator.comparing(each -> each.header().name()));
    return found;
  }

  private LogRestore read(Path path) throws IOException {
    try {
      return new LogRestore(storage, path);
    } catch (CorruptManifestException e) {
      throw new IOException(
          e.getMessage() + ": open the snapshot itself as a data folder, which rebuilds it", e);
    }
  }

  private List<RestoreReport> restore(
      List<LogRestore> found, Optional<String> as, Progress progress) throws IOException {
    List<Copied> copied = new ArrayList<>();
    try {
      for (LogRestore each : found) {
        copied.add(copy(each, as.orElse(each.header().name()), progress));
      }
      List<RestoreReport> reports = new ArrayList<>();
      for (Copied each : copied) {
        reports.add(take(each));
      }
      return reports;
    } catch (CorruptSegmentException e) {
      clear(copied, e);
      throw new IOException(
          e.getMessage()
              + ": nothing was restored; importing from the snapshot saves all other vectors",
          e);
    } catch (IOException | RuntimeException e) {
      clear(copied, e);
      throw e;
    }
  }

  private Copied copy(LogRestore from, String name, Progress progress) throws IOException {
    long start = System.nanoTime();
    CollectionHeader header = from.header();
    // A name of its own: another restore of the same collection may be under way.
    Path fresh = collections.resolve(SoniDb.NEW + UUID.randomUUID());
    try {
      from.copyTo(fresh, name, progress::update);
      storage.syncFolder(collections);
    } catch (IOException | RuntimeException e) {
      clear(List.of(new Copied(from, header.name(), fresh, 0)), e);
      throw e;
    }
    return new Copied(from, name, fresh, System.nanoTime() - start);
  }

  private RestoreReport take(Copied copied) throws IOException {
    long start = System.nanoTime();
    LogRestore from = copied.from();
    Collection collection =
        into.adopt(copied.name(), from.header().uuid(), Optional.of(copied.fresh())).orElseThrow();
    return new RestoreReport(
        copied.name(),
        from.segments(),
        collection.count(),
        from.bytes(),
        (copied.nanos() + System.nanoTime() - start) / 1e9,
        from.notes());
  }

  private void clear(List<Copied> copied, Exception why) {
    for (Copied each : copied) {
      try {
        storage.deleteAll(each.fresh());
      } catch (IOException e) {
        why.addSuppressed(e); // the next start deletes it
      }
    }
  }

  /// The UUID in the manifest of a folder, if it can be read.
  static Optional<UUID> uuidIn(Storage storage, Path path) throws IOException {
    try {
      return Optional.of(Manifest.read(storage, path).header().uuid());
    } catch (CorruptManifestException e) {
      return Optional.empty();
    }
  }
}
