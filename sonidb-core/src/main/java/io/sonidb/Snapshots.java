package io.sonidb;

import io.sonidb.integrity.IndexJson;
import io.sonidb.store.CollectionHeader;
import io.sonidb.store.LogSnapshot;
import io.sonidb.store.Manifest;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The folder that a snapshot is written to: whether it may be, and where in it.
final class Snapshots {
  private static final List<String> DERIVED = List.of(Engine.DIRECTORY_FILE, IndexJson.FILE);

  private Snapshots() {}

  /// Writes a snapshot of a log into a data folder.
  ///
  /// @throws FolderLockedException if it is in use
  /// @throws IOException if it cannot be used
  static SnapshotReport write(SegmentLog log, Path folder, boolean copy, Progress progress)
      throws IOException {
    long start = System.nanoTime();
    Storage storage = log.storage();
    checkIsAnother(log, folder);
    checkIsDataFolder(storage, folder);
    storage.createFolders(folder);
    try (Closeable _ = lock(storage, folder);
        LogSnapshot snapshot = new LogSnapshot(log, copy)) {
      Path collections = folder.resolve(SoniDb.COLLECTIONS);
      storage.createFolders(collections);
      CollectionHeader header = snapshot.manifest().header();
      Optional<Path> older = find(storage, collections, header);
      LogSnapshot.Made made =
          older.isPresent()
              ? snapshot.update(older.get(), DERIVED, progress::update)
              : snapshot.create(
                  collections.resolve(SoniDb.NEW + header.uuid()),
                  collections.resolve("c-" + header.uuid()),
                  progress::update);
      return new SnapshotReport(
          header.name(),
          made.segments(),
          made.vectors(),
          made.bytes(),
          made.newBytes(),
          made.linked(),
          made.sequence(),
          (System.nanoTime() - start) / 1e9);
    }
  }

  private static Closeable lock(Storage storage, Path folder) throws IOException {
    return storage
        .lock(folder.resolve(SoniDb.LOCK_FILE))
        .orElseThrow(() ->
            new FolderLockedException("data folder " + folder + " is in use: close it there"));
  }

  private static void checkIsAnother(SegmentLog log, Path folder) throws IOException {
    Path own = real(log.folder().resolve("..").resolve(".."));
    if (real(folder).startsWith(own)) {
      throw new IOException(
          "it lies in the database's own data folder " + own + ": give another folder");
    }
  }

  /// The path without links and dots, of which the end need not exist yet.
  private static Path real(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    for (@Nullable Path at = absolute; at != null; at = at.getParent()) {
      try {
        return at.toRealPath().resolve(at.relativize(absolute)).normalize();
      } catch (IOException isNotThere) {
        // So it is no link, and what it lies in counts.
      }
    }
    return absolute;
  }

  private static void checkIsDataFolder(Storage storage, Path folder) throws IOException {
    List<String> files = storage.list(folder);
    boolean fits =
        files.isEmpty()
            || files.contains(SoniDb.COLLECTIONS)
            || files.equals(List.of(SoniDb.LOCK_FILE));
    if (!fits) {
      throw new IOException(
          "the folder holds "
              + files.getFirst()
              + " and is no data folder: give an empty one, or an earlier snapshot");
    }
  }

  /// The folder of an older snapshot of the same collection.
  private static Optional<Path> find(Storage storage, Path collections, CollectionHeader header)
      throws IOException {
    Optional<Path> found = Optional.empty();
    for (String child : storage.list(collections)) {
      Path path = collections.resolve(child);
      if (!isCollection(storage, path)) {
        continue;
      }
      if (child.equals("c-" + header.uuid())
          || Restoring.uuidIn(storage, path).equals(Optional.of(header.uuid()))) {
        found = Optional.of(path);
      } else if (Manifest.nameIn(storage, path).equals(Optional.of(header.name()))) {
        throw new IOException(
            "the folder holds another collection named " + header.name() + ": give another folder");
      }
    }
    return found;
  }

  /// Whether a folder among the collections is one, and not on its way in or out.
  static boolean isCollection(Storage storage, Path path) {
    String name = String.valueOf(path.getFileName());
    return !name.startsWith(SoniDb.NEW)
        && !name.startsWith(SoniDb.DROPPED)
        && storage.exists(path.resolve("segments"));
  }
}
