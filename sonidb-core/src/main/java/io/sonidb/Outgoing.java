package io.sonidb;

import io.sonidb.search.SearchPart;
import io.sonidb.store.LogSnapshot;
import io.sonidb.store.Manifest;
import io.sonidb.store.Manifest.Sealed;
import io.sonidb.store.Manifest.SegmentEntry;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/// The files of a collection as they were at one moment, kept until it is closed so that they can
/// be sent elsewhere: sealed segments, their `.idx` files, the parts of the search index, the
/// manifest, `index.sfv`, and `index.sha256`.
///
/// They lie in a folder of their own as links to the collection's files, so they take no space, and
/// nothing that happens to the collection changes them.
public final class Outgoing implements AutoCloseable {
  /// SHA-256 of every file but itself, a line each, which `sha256sum -c` checks.
  public static final String SHA256_FILE = "index.sha256";

  /// Where folders of this kind lie in a data folder, with what comes in from other nodes.
  static final String FOLDER = "sync";

  /// How their names begin; what an ended process left is deleted at the next start.
  static final String PREFIX = "out-";

  private static final int STEP = 1 << 20;

  private final Storage storage;
  private final Path folder;
  private final Manifest manifest;
  private final List<SyncFile> files;
  private final long newest;

  private Outgoing(
      Storage storage, Path folder, Manifest manifest, List<SyncFile> files, long newest) {
    this.newest = newest;
    this.storage = storage;
    this.folder = folder;
    this.manifest = manifest;
    this.files = List.copyOf(files);
  }

  /// @param parent the data folder's [#FOLDER]
  static Outgoing of(Engine engine, Path parent, boolean seal, Progress progress)
      throws IOException {
    SegmentLog log = engine.log();
    Storage storage = log.storage();
    storage.createFolders(parent);
    Path folder = parent.resolve(PREFIX + UUID.randomUUID());
    // Parts first: what a part covers is then durable in the segments.
    try (PinnedParts parts = engine.search().pin();
        LogSnapshot snapshot = new LogSnapshot(log, false, seal)) {
      snapshot.create(parent.resolve(folder.getFileName() + ".new"), folder, progress::update);
      List<SyncFile> files = new ArrayList<>();
      for (SegmentEntry entry : snapshot.manifest().segments()) {
        files.addAll(ofSegment(storage, folder, entry));
      }
      for (SearchPart part : parts.parts()) {
        if (part.to() <= lastSequence(snapshot.manifest()) && linked(log, part, folder)) {
          files.add(digest(storage, folder, part.fileName()));
        }
      }
      files.add(digest(storage, folder, SegmentLog.SFV_FILE));
      files.add(digest(storage, folder, Manifest.FILE));
      files.add(sha256File(storage, folder, files));
      return new Outgoing(storage, folder, snapshot.manifest(), files, log.lastSequence());
    } catch (IOException | RuntimeException e) {
      try {
        storage.deleteAll(folder);
      } catch (IOException cannotDelete) {
        e.addSuppressed(cannotDelete); // the next start deletes it
      }
      throw e;
    }
  }

  private static long lastSequence(Manifest manifest) {
    return manifest.segments().isEmpty() ? 0 : manifest.segments().getLast().lastSequence();
  }

  private static List<SyncFile> ofSegment(Storage storage, Path folder, SegmentEntry entry)
      throws IOException {
    Sealed sealed = entry.sealed().orElseThrow();
    List<SyncFile> files = new ArrayList<>();
    files.add(
        new SyncFile(
            Manifest.SEGMENT_FOLDER + "/" + entry.file(),
            entry.committedBytes(),
            sealed.crc32(),
            sealed.sha256()));
    if (entry.index().isPresent()) {
      files.add(
          digest(storage, folder, Manifest.SEGMENT_FOLDER + "/" + entry.index().get().file()));
    }
    return files;
  }

  /// Whether a part is still there: one that was replaced meanwhile is not, and is not needed.
  private static boolean linked(SegmentLog log, SearchPart part, Path folder) throws IOException {
    try {
      log.storage().link(log.folder().resolve(part.fileName()), folder.resolve(part.fileName()));
      return true;
    } catch (UnsupportedOperationException | FileSystemException e) {
      return false; // the receiver makes its own
    }
  }

  private static SyncFile sha256File(Storage storage, Path folder, List<SyncFile> files)
      throws IOException {
    StringBuilder text = new StringBuilder();
    for (SyncFile each : files) {
      text.append(sha256Line(each));
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    storage.replace(folder.resolve(SHA256_FILE), ByteBuffer.wrap(bytes));
    return digest(storage, folder, SHA256_FILE);
  }

  /// A line that `sha256sum -c` checks.
  static String sha256Line(SyncFile file) {
    return "SHA256 (" + file.name() + ") = " + file.sha256() + "\n";
  }

  /// A file as it is on the disk.
  static SyncFile digest(Storage storage, Path folder, String name) throws IOException {
    CRC32 crc = new CRC32();
    MessageDigest sha256 = sha256();
    ByteBuffer step = ByteBuffer.allocate(STEP);
    long at = 0;
    try (Storage.File file = storage.open(folder.resolve(name))) {
      while (file.read(at, step.clear()) > 0) {
        at += step.flip().remaining();
        crc.update(step.array(), 0, step.limit());
        sha256.update(step.array(), 0, step.limit());
      }
    }
    return new SyncFile(name, at, (int) crc.getValue(), HexFormat.of().formatHex(sha256.digest()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /// What tells the collection from every other one, whatever they are called.
  public UUID uuid() {
    return manifest.header().uuid();
  }

  /// Sequence number of the newest write that is in the files; 0 if there is none.
  public long sequence() {
    return lastSequence(manifest);
  }

  /// Sequence number of the newest write that the collection had, in the files or not.
  public long newest() {
    return newest;
  }

  /// Everything that makes up the collection, the manifest last but one.
  public List<SyncFile> files() {
    return files;
  }

  /// The state of the collection that they make up.
  public SyncManifest state() {
    return new SyncManifest(
        manifest.header().uuid(),
        manifest.header().name(),
        manifest.epoch(),
        lastSequence(manifest),
        files);
  }

  /// The folder in which they lie under their names.
  public Path folder() {
    return folder;
  }

  /// Lets go of the files.
  ///
  /// @throws StorageException if they cannot be deleted; the next start does that
  @Override
  public void close() {
    try {
      Uninterrupted.call(() -> {
        storage.deleteAll(folder);
        return folder;
      });
    } catch (IOException e) {
      throw new StorageException(folder + ": " + e.getMessage(), e);
    }
  }
}
