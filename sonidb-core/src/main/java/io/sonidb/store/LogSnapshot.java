package io.sonidb.store;

import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordKind;
import io.sonidb.store.CheckedCopy.Named;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Makes, or brings up to date, a second folder of a collection that holds what the collection held
/// at one moment.
///
/// Sealed segments never change, so a link to one is a copy of it. The moment is that of a
/// [LogView] taken before everything in it is sealed: what compaction left out of its segments was
/// superseded by records that are in it. Records that came between the view and the sealing are
/// mostly in it too.
///
/// The manifest comes last, so a crash leaves the older state of the folder or the new one.
public final class LogSnapshot implements AutoCloseable {
  /// What was made.
  ///
  /// @param segments in the snapshot
  /// @param vectors in it
  /// @param bytes of its segments and `.idx` files
  /// @param newBytes of those that were not there before
  /// @param linked whether none of those had to be copied
  /// @param sequence number of the newest write in it
  public record Made(
      long segments, long vectors, long bytes, long newBytes, boolean linked, long sequence) {}

  private final SegmentLog log;
  private final Storage storage;
  private final LogView view;
  private final Manifest manifest;
  private boolean linking;
  private long bytes;
  private long newBytes;

  /// Seals the log's segments, and keeps them as they are now until it is closed. Writing goes on.
  ///
  /// @param copy whether to copy even where links are possible
  /// @throws IOException if a segment cannot be sealed
  public LogSnapshot(SegmentLog log, boolean copy) throws IOException {
    this(log, copy, true);
  }

  /// Keeps the log's segments as they are now until it is closed. Writing goes on.
  ///
  /// @param copy whether to copy even where links are possible
  /// @param seal whether to seal what is open; without, the moment is that of the last record
  ///   before it. Compaction may have dropped what a record in there superseded, so where it has
  ///   been at work, everything is sealed all the same.
  /// @throws IOException if a segment cannot be sealed
  public LogSnapshot(SegmentLog log, boolean copy, boolean seal) throws IOException {
    this.log = log;
    this.storage = log.storage();
    this.linking = !copy;
    while (true) {
      LogView pinned = log.view();
      Optional<Manifest> state = Optional.empty();
      try {
        Manifest now = log.manifest();
        state = seal ? Optional.empty() : sealedPartOf(now, pinned);
        if (state.isEmpty()) {
          log.sealAll();
          state = stateOf(log.manifest(), pinned);
        }
      } finally {
        if (state.isEmpty()) {
          pinned.close();
        }
      }
      if (state.isPresent()) { // else compaction came in between
        this.view = pinned;
        this.manifest = state.get();
        return;
      }
    }
  }

  /// The manifest of the segments before the first one that is open.
  ///
  /// @return empty if they are no state that there ever was, or not all of them are pinned
  private static Optional<Manifest> sealedPartOf(Manifest named, LogView view) {
    List<SegmentEntry> entries = new ArrayList<>();
    for (SegmentEntry entry : named.segments()) {
      if (entry.compacted().isPresent()) {
        return Optional.empty();
      }
      if (entry.sealed().isEmpty()) {
        break;
      }
      if (view.segments().stream().noneMatch(segment -> segment.number() == entry.number())) {
        return Optional.empty();
      }
      entries.add(entry);
    }
    return Optional.of(named.snapshot(entries));
  }

  /// The manifest of a snapshot that holds a view.
  ///
  /// @param named the log's manifest after sealing
  /// @return empty if the manifest does not name all segments of the view any more
  private static Optional<Manifest> stateOf(Manifest named, LogView view) throws IOException {
    List<Segment> segments = view.segments();
    int needed = 0; // segments up to the last one that holds a record of the view
    for (int i = 0; i < segments.size(); i++) {
      needed = view.count(i) > 0 ? i + 1 : needed;
    }
    List<SegmentEntry> entries = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      Optional<SegmentEntry> entry = named.entry(segments.get(i).number());
      if (entry.isEmpty()) {
        return Optional.empty();
      }
      if (entry.get().sealed().isPresent()) {
        entries.add(entry.get());
      } else if (view.count(i) > 0) {
        throw new IOException(
            SegmentFormat.FOLDER + "/" + entry.get().file() + " is missing or cannot be sealed");
      } else if (i >= needed) {
        break; // records that came after the view are in it, and may be in later ones
      }
    }
    return Optional.of(named.snapshot(entries));
  }

  /// What the snapshot will be.
  public Manifest manifest() {
    return manifest;
  }

  /// Writes the snapshot into a folder that does not exist, by way of another one.
  ///
  /// @param fresh beside `home`; what is there is deleted
  public Made create(Path fresh, Path home, WorkProgress progress) throws IOException {
    storage.deleteAll(fresh);
    Path segmentFolder = fresh.resolve(SegmentFormat.FOLDER);
    storage.createFolders(segmentFolder);
    bring(Optional.empty(), segmentFolder, progress);
    storage.syncFolder(segmentFolder);
    replaceManifest(fresh);
    storage.rename(fresh, home);
    storage.syncFolder(Objects.requireNonNull(home.getParent()));
    return made();
  }

  /// Brings an older snapshot of the same collection up to date.
  ///
  /// @param derived names of files in the folder that are made of the log, and not by it
  /// @throws IOException if the folder is no older state of the collection; nothing has changed
  public Made update(Path home, List<String> derived, WorkProgress progress) throws IOException {
    Manifest older = Manifest.read(storage, home);
    checkIsOlder(older);
    Path segmentFolder = home.resolve(SegmentFormat.FOLDER);
    bring(Optional.of(older), segmentFolder, progress);
    if (newBytes > 0) {
      storage.syncFolder(segmentFolder);
    }
    if (newBytes > 0 || !older.equals(manifest) || !hasSfv(home)) {
      for (String file : derived) {
        storage.delete(home.resolve(file));
      }
      replaceManifest(home);
    }
    clear(home);
    return made();
  }

  private void replaceManifest(Path folder) throws IOException {
    // Every file of both states is there now, so that either checksum file is right.
    storage.replace(folder.resolve(SegmentLog.SFV_FILE), ByteBuffer.wrap(sfv()));
    manifest.write(storage, folder);
  }

  private byte[] sfv() {
    return Sfv.text(manifest).getBytes(StandardCharsets.UTF_8);
  }

  private boolean hasSfv(Path home) throws IOException {
    Path file = home.resolve(SegmentLog.SFV_FILE);
    byte[] expected = sfv();
    return storage.exists(file)
        && storage
            .readUpTo(file, expected.length)
            .map(found -> Arrays.equals(found, expected))
            .orElse(false);
  }

  /// Makes sure that nothing is lost with what the folder holds.
  private void checkIsOlder(Manifest older) throws IOException {
    boolean written =
        !older.clean()
            || older.segments().stream()
                .anyMatch(entry ->
                    entry.sealed().isEmpty() && entry.committedBytes() > SegmentFormat.HEAD_SIZE);
    if (written) {
      throw new IOException("it was written to since the snapshot was taken: give another folder");
    }
    long has = older.segments().stream().mapToLong(SegmentEntry::lastSequence).max().orElse(0);
    if (older.epoch() > manifest.epoch() || has > sequence()) {
      throw new IOException(
          "it holds a newer state, write "
              + has
              + " of epoch "
              + older.epoch()
              + ", than this collection, write "
              + sequence()
              + " of epoch "
              + manifest.epoch()
              + ": give another folder");
    }
    for (SegmentEntry there : older.segments()) {
      if (there.sealed().isPresent() && !isKept(there)) {
        throw new IOException(
            "its "
                + SegmentFormat.FOLDER
                + "/"
                + there.file()
                + " is not of this collection's history, but of one that went on from a backup:"
                + " give another folder");
      }
    }
    for (SegmentEntry entry : manifest.segments()) {
      for (SegmentEntry there : older.segments()) {
        if (there.file().equals(entry.file()) && !hasSameBytes(entry, there)) {
          throw new IOException(
              "its "
                  + SegmentFormat.FOLDER
                  + "/"
                  + entry.file()
                  + " holds other records: give another folder");
        }
      }
    }
  }

  /// Whether what a segment of the older state holds is in the new one, compacted or not.
  private boolean isKept(SegmentEntry there) {
    return manifest.segments().stream()
        .anyMatch(entry ->
            entry.file().equals(there.file())
                || entry.number() > there.number()
                    && entry
                        .compacted()
                        .map(range -> range.covers(there.lastSequence()))
                        .orElse(false));
  }

  private static boolean hasSameBytes(SegmentEntry entry, SegmentEntry there) {
    return there
        .sealed()
        .map(sealed ->
            sealed.crc32() == entry.sealed().orElseThrow().crc32()
                && sealed.sha256().equals(entry.sealed().orElseThrow().sha256())
                && there.committedBytes() == entry.committedBytes())
        .orElse(true); // nothing is in it
  }

  /// Brings what is missing. Under their own names files appear only when all of them are there: so
  /// what interrupts the long part leaves nothing that anybody takes for a segment.
  private void bring(Optional<Manifest> older, Path segmentFolder, WorkProgress progress)
      throws IOException {
    Set<Named> there = older.map(LogSnapshot::files).orElse(Set.of());
    Set<Named> files = files(manifest);
    long total = files.stream().mapToLong(Named::size).sum();
    Path source = log.folder().resolve(SegmentFormat.FOLDER);
    List<Path> brought = new ArrayList<>();
    for (Named file : files) {
      Path from = source.resolve(file.name());
      Path to = segmentFolder.resolve(file.name());
      if (!there.contains(file)
          || !CheckedCopy.hasSize(storage, file, to)
          || !linking && isLinked(from, to)) {
        bring(file, from, fresh(to));
        brought.add(to);
        newBytes += file.size();
      }
      bytes += file.size();
      progress.update(bytes, total, "bytes");
    }
    for (Path to : brought) {
      storage.rename(fresh(to), to);
    }
  }

  // A link cannot take the place of a file that is there; renaming can.
  private static Path fresh(Path to) {
    return to.resolveSibling(to.getFileName() + ".new");
  }

  /// Whether what is there is a link to the log's own file.
  private boolean isLinked(Path from, Path to) throws IOException {
    return storage.exists(from) && storage.isSame(from, to);
  }

  private static Set<Named> files(Manifest manifest) {
    Set<Named> files = new LinkedHashSet<>();
    for (SegmentEntry entry : manifest.segments()) {
      if (entry.sealed().isPresent()) {
        files.add(Named.segment(entry));
        entry.index().ifPresent(index -> files.add(Named.index(index)));
      }
    }
    return files;
  }

  private void bring(Named file, Path from, Path fresh) throws IOException {
    if (!storage.exists(from)) {
      throw CheckedCopy.damaged(file, "is missing");
    }
    storage.delete(fresh);
    if (!linked(file, from, fresh)) {
      CheckedCopy.make(storage, file, from, fresh);
    }
  }

  private boolean linked(Named file, Path from, Path fresh) throws IOException {
    if (!linking) {
      return false;
    }
    try {
      storage.link(from, fresh);
    } catch (UnsupportedOperationException | FileSystemException e) {
      linking = false; // another file system, or one without links: it will not take the next one
      return false;
    }
    if (!CheckedCopy.hasSize(storage, file, fresh)) {
      storage.delete(fresh);
      throw CheckedCopy.damaged(file, "does not have " + file.size() + " bytes: it is damaged");
    }
    return true;
  }

  /// Deletes what the manifest does not name, and what an interrupted snapshot left.
  private void clear(Path home) throws IOException {
    Set<String> named = new HashSet<>();
    files(manifest).forEach(file -> named.add(file.name()));
    Path segmentFolder = home.resolve(SegmentFormat.FOLDER);
    for (String file : storage.list(segmentFolder)) {
      boolean ours =
          SegmentFormat.isSegmentName(file)
              || file.endsWith(SegmentFormat.PAYLOAD_INDEX)
                  && !SegmentFormat.isPayloadIndexOf(file, named)
              || file.endsWith(".idx")
              || file.endsWith(".new")
              || file.endsWith(".torn");
      if (ours && !named.contains(file)) {
        storage.delete(segmentFolder.resolve(file));
      }
    }
    for (String file : storage.list(home)) {
      if (file.endsWith(".new")) {
        storage.delete(home.resolve(file));
      }
    }
  }

  private long sequence() {
    return manifest.segments().isEmpty() ? 0 : manifest.segments().getLast().lastSequence();
  }

  private Made made() {
    return new Made(manifest.segments().size(), vectors(), bytes, newBytes, linking, sequence());
  }

  private long vectors() {
    long vectors = 0;
    for (Segment segment : view.segments()) {
      if (manifest.entry(segment.number()).isPresent()) {
        RecordTable table = segment.table();
        Liveness liveness = segment.liveness();
        int count = table.count();
        for (int ordinal = 0; ordinal < count; ordinal++) {
          boolean isVector = table.kind(ordinal) == RecordKind.UPSERT;
          vectors += isVector && liveness.isLive(ordinal, sequence()) ? 1 : 0;
        }
      }
    }
    return vectors;
  }

  /// Lets go of the segments.
  @Override
  public void close() {
    view.close();
  }
}
