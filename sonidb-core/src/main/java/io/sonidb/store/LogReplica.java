package io.sonidb.store;

import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.SegmentIndex;
import io.sonidb.store.CheckedCopy.Named;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/// Makes a collection's folder of what came in from elsewhere and what an older copy has already:
/// by links, so that neither changes. Every segment that came in is decoded before the folder is of
/// any use.
public final class LogReplica {
  private final Storage storage;
  private final Path arrived;
  private final Manifest manifest;
  private final Optional<Path> home;
  private final Optional<Manifest> older;

  /// Reads what came in.
  ///
  /// @param arrived folder with `collection.json` and what is new of the segments
  /// @param home folder of the older copy, if there is one
  /// @throws IOException if what came in is no state of a collection that could be copied
  public LogReplica(Storage storage, Path arrived, Optional<Path> home) throws IOException {
    this.storage = storage;
    this.arrived = arrived;
    this.manifest = Manifest.read(storage, arrived);
    this.home = home;
    this.older = home.isPresent() ? readIfWhole(storage, home.get()) : Optional.empty();
    for (SegmentEntry entry : manifest.segments()) {
      if (entry.sealed().isEmpty() || entry.index().isEmpty()) {
        throw new IOException(
            SegmentFormat.FOLDER + "/" + entry.file() + " is not sealed: it cannot be copied");
      }
    }
    if (!manifest.isSnapshot() || manifest.replica()) {
      throw new IOException(Manifest.FILE + " is not that of a state to be copied");
    }
  }

  private static Optional<Manifest> readIfWhole(Storage storage, Path home) throws IOException {
    try {
      return Optional.of(Manifest.read(storage, home));
    } catch (CorruptManifestException e) {
      return Optional.empty(); // nothing in it can be relied on
    }
  }

  /// What came in.
  public Manifest manifest() {
    return manifest;
  }

  /// Whether a log is a copy of the same history.
  public boolean isSameHistory(SegmentLog log) {
    return log.manifest().replica() && log.manifest().epoch() == manifest.epoch();
  }

  /// Segments of a log that holds the collection now that are not in the new state, compacted or
  /// not. Where the log was written to, or is of another epoch, compaction of what has the same
  /// numbers proves nothing: only the same bytes count. In a copy of the same history, what was
  /// heard behind its last state is in the new one, or is taken over ([LogTail]).
  ///
  /// @param heardFrom number of the first record that is in no state that was taken in
  public List<String> diverging(SegmentLog log, long heardFrom) {
    Manifest now = log.manifest();
    boolean strictly = !isSameHistory(log);
    List<String> diverging = new ArrayList<>();
    for (Segment segment : log.segments()) {
      Optional<SegmentEntry> there = now.entry(segment.number());
      boolean isKept =
          there.isPresent()
              && manifest.segments().stream()
                  .anyMatch(entry ->
                      isSame(entry, there.get()) || !strictly && isCompacted(there.get(), entry));
      boolean isHeard =
          !strictly && segment.table().count() > 0 && segment.table().sequence(0) >= heardFrom;
      if (segment.table().count() > 0 && !isKept && !isHeard) {
        diverging.add(SegmentFormat.FOLDER + "/" + segment.file());
      }
    }
    return diverging;
  }

  private static boolean isCompacted(SegmentEntry there, SegmentEntry entry) {
    return entry.number() > there.number()
        && entry.compacted().map(range -> range.covers(there.lastSequence())).orElse(false);
  }

  private static boolean isSame(SegmentEntry entry, SegmentEntry there) {
    return entry.file().equals(there.file())
        && entry.committedBytes() == there.committedBytes()
        && there.sealed().isPresent()
        && there.sealed().get().crc32() == entry.sealed().orElseThrow().crc32()
        && there.sealed().get().sha256().equals(entry.sealed().orElseThrow().sha256());
  }

  /// Whether the older copy has a segment, whole.
  private boolean isAtHome(SegmentEntry entry) throws IOException {
    boolean isNamed =
        older.map(Manifest::segments).orElse(List.of()).stream()
            .anyMatch(there -> isSame(entry, there));
    return isNamed && hasSize(home.orElseThrow(), Named.segment(entry));
  }

  private boolean hasSize(Path folder, Named named) throws IOException {
    return CheckedCopy.hasSize(
        storage, named, folder.resolve(SegmentFormat.FOLDER).resolve(named.name()));
  }

  /// Makes the folder, which must not be there.
  ///
  /// @param name of the collection from now on
  /// @param cores decode what came in
  /// @throws CorruptSegmentException if something that came in is not what it should be
  public void create(Path fresh, String name, Executor cores, WorkProgress progress)
      throws IOException {
    Path segmentFolder = fresh.resolve(SegmentFormat.FOLDER);
    storage.createFolders(segmentFolder);
    List<SegmentEntry> news = new ArrayList<>();
    for (SegmentEntry entry : manifest.segments()) {
      if (isAtHome(entry)) {
        Path from = home.orElseThrow().resolve(SegmentFormat.FOLDER);
        storage.link(from.resolve(entry.file()), segmentFolder.resolve(entry.file()));
        linkIfThere(from, segmentFolder, SegmentFormat.payloadIndexName(entry.file()));
      } else {
        link(Named.segment(entry), segmentFolder);
        news.add(entry);
      }
      linkIndex(entry, segmentFolder);
    }
    hear(news, segmentFolder, cores, progress);
    storage.syncFolder(segmentFolder);
    Manifest copied = manifest.copied(name);
    storage.replace(
        fresh.resolve(SegmentLog.SFV_FILE),
        ByteBuffer.wrap(Sfv.text(copied).getBytes(StandardCharsets.UTF_8)));
    copied.write(storage, fresh);
  }

  private void linkIfThere(Path from, Path to, String file) throws IOException {
    if (storage.exists(from.resolve(file))) {
      storage.link(from.resolve(file), to.resolve(file));
    }
  }

  private void link(Named named, Path segmentFolder) throws IOException {
    if (!hasSize(arrived, named)) {
      throw CheckedCopy.damaged(named, "has not arrived");
    }
    storage.link(
        arrived.resolve(SegmentFormat.FOLDER).resolve(named.name()),
        segmentFolder.resolve(named.name()));
  }

  private void linkIndex(SegmentEntry entry, Path segmentFolder) throws IOException {
    Named index = Named.index(entry.index().orElseThrow());
    boolean isAtHome =
        older.map(Manifest::segments).orElse(List.of()).stream()
            .anyMatch(there -> isSame(entry, there) && there.index().equals(entry.index()));
    if (isAtHome && hasSize(home.orElseThrow(), index)) {
      storage.link(
          home.orElseThrow().resolve(SegmentFormat.FOLDER).resolve(index.name()),
          segmentFolder.resolve(index.name()));
    } else {
      link(index, segmentFolder);
    }
  }

  /// Decodes segments, side by side.
  private void hear(
      List<SegmentEntry> entries, Path segmentFolder, Executor cores, WorkProgress progress)
      throws IOException {
    long total = entries.stream().mapToLong(SegmentEntry::committedBytes).sum();
    AtomicLong done = new AtomicLong();
    List<CompletableFuture<Void>> parts = new ArrayList<>();
    for (SegmentEntry entry : entries) {
      parts.add(
          CompletableFuture.runAsync(
              () -> {
                progress.update(done.get(), total, "bytes checked");
                try {
                  hear(entry, segmentFolder);
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
                progress.update(done.addAndGet(entry.committedBytes()), total, "bytes checked");
              },
              cores));
    }
    Optional<Throwable> failure = Optional.empty();
    for (CompletableFuture<Void> part : parts) { // all end before anybody deletes the folder
      try {
        part.join();
      } catch (CompletionException e) {
        failure = failure.or(() -> Optional.ofNullable(e.getCause()));
      }
    }
    if (failure.isPresent()) {
      switch (failure.get()) {
        case IOException io -> throw io;
        case RuntimeException known -> throw known;
        default -> throw new IOException(failure.get());
      }
    }
  }

  private void hear(SegmentEntry entry, Path segmentFolder) throws IOException {
    Named named = Named.segment(entry);
    try (Arena reading = Arena.ofShared();
        Storage.File file = storage.open(segmentFolder.resolve(entry.file()))) {
      MemorySegment bytes = file.map(0, file.size(), reading);
      byte[] head = bytes.asSlice(0, SegmentFormat.HEAD_SIZE).toArray(ValueLayout.JAVA_BYTE);
      if (Sealer.crcOf(head) != entry.headCrc32()
          || LogOpening.isForeign(SegmentFormat.readTags(head), manifest.header())) {
        throw CheckedCopy.damaged(named, "has another head than it should");
      }
      SegmentIndex index;
      try {
        index =
            new Sealer(storage, segmentFolder)
                .openIndex(entry.header(), entry.index().orElseThrow(), entry.number(), reading);
      } catch (CorruptIndexException e) {
        throw new CorruptSegmentException(String.valueOf(e.getMessage()));
      }
      List<Sealer.Damaged> damaged =
          RecordCheck.damaged(bytes, index.table(), entry.header().format());
      int found = damaged.size() + Sealer.gaps(index.table(), entry.committedBytes()).size();
      Manifest.Sealed sealed = entry.sealed().orElseThrow();
      if (index.table().count() != sealed.records() || found > sealed.damaged()) {
        String why =
            damaged.isEmpty()
                ? "holds other records than its index says"
                : "holds a damaged record: " + damaged.getFirst().reason();
        throw CheckedCopy.damaged(named, why);
      }
    }
  }
}
