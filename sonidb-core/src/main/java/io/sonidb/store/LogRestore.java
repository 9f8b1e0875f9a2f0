package io.sonidb.store;

import io.sonidb.store.CheckedCopy.Named;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Copies a collection out of a snapshot, which it does not change.
///
/// The copy is in the epoch after that of the snapshot, since its history and that of the original
/// may go different ways from there.
public final class LogRestore {
  private final Storage storage;
  private final Path folder;
  private final Manifest manifest;
  private final List<String> notes = new ArrayList<>();

  /// Reads what a snapshot of a collection is.
  ///
  /// @param folder of the collection
  /// @throws IOException if it cannot be read, or is no snapshot
  public LogRestore(Storage storage, Path folder) throws IOException {
    this.storage = storage;
    this.folder = folder;
    this.manifest = Manifest.read(storage, folder);
    for (SegmentEntry entry : manifest.segments()) {
      boolean hasOpen =
          entry.sealed().isEmpty() && entry.committedBytes() > SegmentFormat.HEAD_SIZE;
      if (hasOpen || !manifest.clean()) {
        throw new IOException(
            folder
                + " was written to and is no snapshot: open its data folder and take one, or import"
                + " from it");
      }
    }
  }

  /// What the collection is.
  public CollectionHeader header() {
    return manifest.header();
  }

  /// How many segments it has.
  public long segments() {
    return sealed().size();
  }

  /// Bytes of its segments.
  public long bytes() {
    return sealed().stream().mapToLong(SegmentEntry::committedBytes).sum();
  }

  /// What was not there, or not as it was written, and can be made again; for people.
  public List<String> notes() {
    return List.copyOf(notes);
  }

  private List<SegmentEntry> sealed() {
    return manifest.segments().stream().filter(entry -> entry.sealed().isPresent()).toList();
  }

  /// Copies the collection into a folder that is not there. Each file is compared with the
  /// snapshot's manifest.
  ///
  /// @param name of the collection from now on
  /// @throws CorruptSegmentException if a segment is not as it was written
  public void copyTo(Path fresh, String name, WorkProgress progress) throws IOException {
    Path segmentFolder = fresh.resolve(SegmentFormat.FOLDER);
    storage.createFolders(segmentFolder);
    long done = 0;
    for (SegmentEntry entry : sealed()) {
      copy(Named.segment(entry), segmentFolder);
      if (entry.index().isPresent()) {
        copyIndex(Named.index(entry.index().get()), segmentFolder);
      }
      done += entry.committedBytes();
      progress.update(done, bytes(), "bytes");
    }
    storage.syncFolder(segmentFolder);
    Manifest copied = manifest.restored(name);
    storage.replace(
        fresh.resolve(SegmentLog.SFV_FILE),
        ByteBuffer.wrap(Sfv.text(copied).getBytes(StandardCharsets.UTF_8)));
    copied.write(storage, fresh);
  }

  private void copy(Named file, Path segmentFolder) throws IOException {
    Path from = folder.resolve(SegmentFormat.FOLDER).resolve(file.name());
    try {
      CheckedCopy.make(storage, file, from, segmentFolder.resolve(file.name()));
    } catch (NoSuchFileException e) {
      CorruptSegmentException missing = CheckedCopy.damaged(file, "is missing");
      missing.initCause(e);
      throw missing;
    }
  }

  private void copyIndex(Named file, Path segmentFolder) throws IOException {
    try {
      copy(file, segmentFolder);
    } catch (CorruptSegmentException e) {
      // Opening the collection makes it again from the audio.
      notes.add(e.getMessage() + ": rebuilt from the audio");
    }
  }
}
