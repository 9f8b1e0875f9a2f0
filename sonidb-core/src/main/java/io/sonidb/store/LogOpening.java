package io.sonidb.store;

import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import io.sonidb.index.SegmentIndex;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Opens the log of a collection: reads the manifest, or rebuilds it, and every segment it names.
///
/// Whatever is derived and damaged is made again from the audio, and noted. Whatever is damaged
/// audio is reported and left as it is.
final class LogOpening {
  private final Storage storage;
  private final Path folder;
  private final Path segmentFolder;
  private final List<String> notes = new ArrayList<>();
  private final List<DamagedRange> damage = new ArrayList<>();
  private Manifest manifest;
  private final Sealer sealer;
  private @Nullable Segment[] segments = new Segment[2];
  private Optional<SegmentWriter> writer = Optional.empty();
  private long lastSequence;
  private boolean changed;

  private LogOpening(Storage storage, Path folder, Manifest manifest) {
    this.storage = storage;
    this.folder = folder;
    this.segmentFolder = folder.resolve(SegmentFormat.FOLDER);
    this.manifest = manifest;
    this.sealer = new Sealer(storage, segmentFolder, manifest.header());
  }

  static LogOpening open(Storage storage, Path folder) throws IOException {
    LogOpening opening;
    try {
      opening = new LogOpening(storage, folder, Manifest.read(storage, folder));
    } catch (CorruptManifestException e) {
      opening = new LogOpening(storage, folder, rebuilt(storage, folder, e));
      opening.notes.add(e.getMessage() + ": rebuilt from the segments");
      opening.changed = true;
    }
    opening.run();
    return opening;
  }

  Manifest manifest() {
    return manifest;
  }

  @Nullable Segment[] segments() {
    return segments;
  }

  Optional<SegmentWriter> writer() {
    return writer;
  }

  List<String> notes() {
    return notes;
  }

  List<DamagedRange> damage() {
    return damage;
  }

  long lastSequence() {
    return lastSequence;
  }

  /// Whether the manifest on disk already says that the collection is in use.
  boolean changed() {
    return changed;
  }

  /// A manifest made from the tags of the segments, all of them taken as open: sealing is repeated.
  private static Manifest rebuilt(Storage storage, Path folder, CorruptManifestException why)
      throws IOException {
    Path segmentFolder = folder.resolve(SegmentFormat.FOLDER);
    List<String> files =
        storage.list(segmentFolder).stream().filter(SegmentFormat::isSegmentName).toList();
    Optional<CollectionHeader> header = Optional.empty();
    int epoch = 1;
    for (String file : files) {
      epoch = Math.max(epoch, SegmentFormat.epochOf(file));
      if (header.isEmpty()) {
        try {
          byte[] head = head(storage, segmentFolder.resolve(file));
          header = Optional.of(SegmentFormat.readTags(head).collection());
        } catch (IOException e) {
          why.addSuppressed(e); // another segment says the same
        }
      }
    }
    if (header.isEmpty()) {
      throw new CorruptManifestException(
          why.getMessage() + ", and no segment tells what the collection is");
    }
    if (storage.exists(folder.resolve(Manifest.FILE))) {
      storage.rename(folder.resolve(Manifest.FILE), folder.resolve(Manifest.FILE + ".damaged"));
    }
    CollectionHeader collection = header.get();
    List<SegmentEntry> entries = new ArrayList<>();
    for (String file :
        files.stream()
            .sorted((a, b) -> Integer.compare(SegmentFormat.numberOf(a), SegmentFormat.numberOf(b)))
            .toList()) {
      int number = SegmentFormat.numberOf(file);
      byte[] head = SegmentFormat.openHead(collection, SegmentFormat.epochOf(file), number);
      entries.add(
          new SegmentEntry(
              number,
              file,
              Sealer.crcOf(head),
              SegmentFormat.HEAD_SIZE,
              Optional.empty(),
              Optional.empty()));
    }
    Manifest manifest =
        new Manifest(collection, true, Manifest.DEFAULT_SEGMENT_BYTES, epoch, 1, false, entries);
    manifest.write(storage, folder);
    return manifest;
  }

  private static byte[] head(Storage storage, Path path) throws IOException {
    try (Storage.File file = storage.open(path)) {
      ByteBuffer head = ByteBuffer.allocate(SegmentFormat.HEAD_SIZE);
      int read;
      do {
        read = file.read(head.position(), head);
      } while (read > 0);
      return head.array();
    }
  }

  private void run() throws IOException {
    boolean mayHaveDiverged = !manifest.clean() && !manifest.syncsWrites();
    List<SegmentEntry> entries = manifest.segments();
    for (int i = 0; i < entries.size(); i++) {
      SegmentEntry entry = entries.get(i);
      if (!storage.exists(segmentFolder.resolve(entry.file()))) {
        openMissing(entry);
      } else if (entry.sealed().isPresent()) {
        openSealed(entry, entry.sealed().get());
      } else {
        openUnsealed(entry, writtenAfter(entries, i));
      }
    }
    if (mayHaveDiverged && !entries.isEmpty()) {
      notes.add(
          "was not closed, and durability=os acknowledges before the disk does: epoch "
              + (manifest.epoch() + 1)
              + " begins");
      update(manifest.nextEpoch().next(false, manifest.segments()));
      closeWriter();
    }
    clearLeftovers();
  }

  private boolean writtenAfter(List<SegmentEntry> entries, int i) throws IOException {
    for (SegmentEntry later : entries.subList(i + 1, entries.size())) {
      Path path = segmentFolder.resolve(later.file());
      if (later.sealed().isPresent()) {
        return true;
      }
      if (storage.exists(path)) {
        try (Storage.File file = storage.open(path)) {
          if (file.size() > SegmentFormat.HEAD_SIZE) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private void openMissing(SegmentEntry entry) throws IOException {
    damage.add(DamagedRange.ofFile(name(entry), "the file is missing"));
    RecordTable table = RecordTable.growing();
    if (entry.index().isPresent()) {
      try {
        table = sealer.openIndex(entry.index().get(), entry.number()).table();
      } catch (CorruptIndexException e) {
        notes.add(e.getMessage());
      }
    }
    // Its records stay known, so that reading one reports the damage instead of an unknown id.
    Segment segment = add(entry, table);
    segment.seal(MemorySegment.NULL, table);
    segment.setEnd(entry.committedBytes());
  }

  private void openSealed(SegmentEntry entry, Manifest.Sealed sealed) throws IOException {
    MemorySegment bytes = map(entry);
    if (bytes.byteSize() != entry.committedBytes()) {
      damage.add(
          DamagedRange.ofFile(
              name(entry),
              "has " + bytes.byteSize() + " bytes instead of " + entry.committedBytes()));
    }
    RecordTable table;
    try {
      table = sealer.openIndex(entry.index().orElseThrow(), entry.number()).table();
    } catch (CorruptIndexException e) {
      Recovery.Result result =
          Recovery.scan(
              bytes, name(entry), manifest.header().format(), Long.MAX_VALUE, lastSequence);
      notes.add(e.getMessage() + ": rebuilt from the audio");
      damage.addAll(result.damage());
      Manifest.IndexFile index =
          sealer.writeIndex(
              SegmentFormat.indexName(entry.file(), true),
              entry.number(),
              entry.committedBytes(),
              sealed.samples(),
              result.table());
      replace(entry.withIndex(index));
      table = result.table();
    }
    Segment segment = add(entry, table);
    segment.seal(bytes, table);
    segment.setEnd(entry.committedBytes());
    lastSequence = Math.max(lastSequence, sealed.lastSequence());
  }

  private void openUnsealed(SegmentEntry entry, boolean writtenAfter) throws IOException {
    Storage.File file = storage.openToWrite(segmentFolder.resolve(entry.file()));
    boolean kept = false;
    try {
      restoreOpenHead(entry, file);
      Optional<SegmentIndex> index = indexOfCleanClose(entry, file.size());
      boolean intact = true;
      long nextSample;
      Segment segment;
      if (index.isPresent()) {
        segment = add(entry, index.get().table().copyToGrow());
        segment.setEnd(entry.committedBytes());
        nextSample = index.get().coveredSamples();
      } else {
        Recovery.Result result =
            Recovery.scan(
                file.map(0, file.size()),
                name(entry),
                manifest.header().format(),
                writtenAfter ? Long.MAX_VALUE : entry.committedBytes(),
                lastSequence);
        damage.addAll(result.damage());
        intact = result.damage().isEmpty();
        if (result.end() < file.size()) {
          keepTorn(entry, file, result.end());
        }
        segment = add(entry, result.table());
        segment.setEnd(result.end());
        nextSample = result.nextSample();
      }
      segment.setPiece(0, file.map(0, segment.end()));
      RecordTable table = segment.table();
      if (table.count() > 0) {
        lastSequence = Math.max(lastSequence, table.sequence(table.count() - 1));
      }
      // Behind damage the time position of the next frame is not sure, so writing goes on in a new
      // segment.
      if (intact && !writtenAfter && segment.end() < manifest.segmentBytes() && writer.isEmpty()) {
        writer = Optional.of(new SegmentWriter(segment, file, segment.end(), nextSample));
        kept = true;
      } else if (table.count() == 0 && segment.end() == SegmentFormat.HEAD_SIZE) {
        forget(entry);
      }
    } finally {
      if (!kept) {
        file.close();
      }
    }
  }

  /// An open segment has an open head: what an interrupted sealing, or damage, left there is put
  /// right.
  private void restoreOpenHead(SegmentEntry entry, Storage.File file) throws IOException {
    byte[] head =
        SegmentFormat.openHead(
            manifest.header(), SegmentFormat.epochOf(entry.file()), entry.number());
    byte[] found = head(storage, segmentFolder.resolve(entry.file()));
    if (!Arrays.equals(head, found)) {
      file.write(0, ByteBuffer.wrap(head));
      file.sync();
      notes.add(
          name(entry)
              + ": file metadata restored (it was damaged, or sealing had been interrupted)");
    }
  }

  private Optional<SegmentIndex> indexOfCleanClose(SegmentEntry entry, long fileSize)
      throws IOException {
    if (!manifest.clean() || entry.index().isEmpty() || fileSize != entry.committedBytes()) {
      return Optional.empty();
    }
    try {
      SegmentIndex index = sealer.openIndex(entry.index().get(), entry.number());
      return index.coveredBytes() == fileSize ? Optional.of(index) : Optional.empty();
    } catch (CorruptIndexException e) {
      notes.add(e.getMessage() + ": rebuilt from the audio");
      return Optional.empty();
    }
  }

  /// Keeps what a torn write left in a file of its own, and cuts the segment.
  private void keepTorn(SegmentEntry entry, Storage.File file, long end) throws IOException {
    long size = file.size() - end;
    Path torn = segmentFolder.resolve(entry.file() + "." + end + ".torn");
    storage.replace(
        torn,
        ByteBuffer.wrap(
            file.map(end, Math.min(size, Integer.MAX_VALUE - 8)).toArray(ValueLayout.JAVA_BYTE)));
    file.truncate(end);
    file.sync();
    notes.add(
        name(entry)
            + ": cut "
            + size
            + " bytes of an unfinished write at byte "
            + end
            + ", kept as "
            + torn.getFileName());
  }

  private void forget(SegmentEntry entry) throws IOException {
    List<SegmentEntry> entries = new ArrayList<>(manifest.segments());
    entries.remove(entry);
    update(manifest.next(manifest.clean(), entries));
    segments[entry.number()] = null;
    storage.delete(segmentFolder.resolve(entry.file()));
  }

  private void closeWriter() throws IOException {
    if (writer.isPresent()) {
      writer.get().file().close();
      writer = Optional.empty();
    }
  }

  /// Removes what a crash left and nothing names; tells of files that are none of ours.
  private void clearLeftovers() throws IOException {
    List<String> known = new ArrayList<>();
    for (SegmentEntry entry : manifest.segments()) {
      known.add(entry.file());
      entry.index().ifPresent(index -> known.add(index.file()));
    }
    for (String file : storage.list(segmentFolder)) {
      Path path = segmentFolder.resolve(file);
      if (file.endsWith(".new") || file.endsWith(".idx") && !known.contains(file)) {
        storage.delete(path);
      } else if (SegmentFormat.isSegmentName(file) && !known.contains(file)) {
        if (size(path) <= SegmentFormat.HEAD_SIZE) {
          storage.delete(path);
        } else {
          notes.add(
              SegmentFormat.FOLDER + "/" + file + " is not in " + Manifest.FILE + " and ignored");
        }
      }
    }
  }

  private long size(Path path) throws IOException {
    try (Storage.File file = storage.open(path)) {
      return file.size();
    }
  }

  private Segment add(SegmentEntry entry, RecordTable table) {
    Segment segment = new Segment(entry.number(), entry.file(), table, new Liveness());
    if (entry.number() >= segments.length) {
      segments = Arrays.copyOf(segments, Math.max(entry.number() + 1, segments.length * 2));
    }
    segments[entry.number()] = segment;
    return segment;
  }

  private MemorySegment map(SegmentEntry entry) throws IOException {
    try (Storage.File file = storage.open(segmentFolder.resolve(entry.file()))) {
      return file.map(0, file.size());
    }
  }

  private void replace(SegmentEntry entry) throws IOException {
    List<SegmentEntry> entries = new ArrayList<>(manifest.segments());
    entries.replaceAll(old -> old.number() == entry.number() ? entry : old);
    update(manifest.next(manifest.clean(), entries));
  }

  private void update(Manifest next) throws IOException {
    next.write(storage, folder);
    manifest = next;
  }

  private static String name(SegmentEntry entry) {
    return SegmentFormat.FOLDER + "/" + entry.file();
  }
}
