package io.sonidb.store;

import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.RecordTable;
import io.sonidb.index.SegmentIndex;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Opens the log of a collection: reads the manifest, or rebuilds it, and every segment it names.
///
/// Whatever is derived and damaged is made again from the audio, and noted. Whatever is damaged
/// audio is reported and left as it is.
final class LogOpening {
  private static final long STEP = 1 << 20;
  private static final long MAX_TORN = 1 << 30;
  static final long MAX_FILE_SIZE = (1L << 32) - 1; // places in it have 32 bits
  private static final String FOREIGN = "the file is another collection's";

  private final Storage storage;
  private final Path folder;
  private final Path segmentFolder;
  private final List<String> notes = new ArrayList<>();
  private final List<DamagedRange> damage = new ArrayList<>();
  private Manifest manifest;
  private final Sealer sealer;
  private final List<Segment> segments = new ArrayList<>();
  private Optional<SegmentWriter> writer = Optional.empty();
  private long lastSequence;

  private LogOpening(Storage storage, Path folder, Manifest manifest) {
    this.storage = storage;
    this.folder = folder;
    this.segmentFolder = folder.resolve(SegmentFormat.FOLDER);
    this.manifest = manifest;
    this.sealer = new Sealer(storage, segmentFolder);
  }

  static LogOpening open(Storage storage, Path folder) throws IOException {
    LogOpening opening;
    try {
      opening = new LogOpening(storage, folder, Manifest.read(storage, folder));
    } catch (CorruptManifestException e) {
      opening = new LogOpening(storage, folder, rebuilt(storage, folder, e));
      opening.notes.add(
          e.getMessage()
              + ": rebuilt from the segments; its settings are lost: durability fsync, segments of 128"
              + " MiB, no time to live and a retention of 7 days hold until they are altered");
    }
    try {
      opening.run();
    } catch (IOException | RuntimeException e) {
      if (opening.writer.isPresent()) {
        opening.writer.get().file().close();
      }
      throw e;
    }
    return opening;
  }

  Manifest manifest() {
    return manifest;
  }

  List<Segment> segments() {
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
  boolean saysInUse() {
    return !manifest.clean();
  }

  /// A manifest made from the tags of the segments, all of them taken as open: sealing is repeated.
  /// What was acknowledged is not known any more, so all bytes count as such: nothing is cut.
  private static Manifest rebuilt(Storage storage, Path folder, CorruptManifestException why)
      throws IOException {
    Path segmentFolder = folder.resolve(SegmentFormat.FOLDER);
    Map<String, List<SegmentFormat.Tags>> tags = new TreeMap<>();
    Map<CollectionHeader, Integer> votes = new HashMap<>();
    for (String file : storage.list(segmentFolder)) {
      if (SegmentFormat.isSegmentName(file)) {
        List<SegmentFormat.Tags> found =
            SegmentFormat.readTags(head(storage, segmentFolder.resolve(file)));
        found.forEach(tag -> votes.merge(tag.header(), 1, Integer::sum));
        tags.put(file, found);
      }
    }
    // Each head says it twice, without a checksum: what most of them say is right.
    CollectionHeader header =
        votes.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElseThrow(() ->
                new CorruptManifestException(
                    why.getMessage() + ", and no segment tells what the collection is"));
    if (storage.exists(folder.resolve(Manifest.FILE))) {
      storage.rename(folder.resolve(Manifest.FILE), folder.resolve(Manifest.FILE + ".damaged"));
    }
    Manifest manifest = ManifestRebuild.of(storage, segmentFolder, tags, header);
    manifest.write(storage, folder);
    return manifest;
  }

  static boolean hasFrames(Storage storage, Path path) throws IOException {
    return size(storage, path) > SegmentFormat.HEAD_SIZE;
  }

  private static long size(Storage storage, Path path) throws IOException {
    try (Storage.File file = storage.open(path)) {
      return file.size();
    }
  }

  /// Whether a head says clearly that its segment is another collection's.
  static boolean isForeign(List<SegmentFormat.Tags> tags, CollectionHeader header) {
    return !tags.isEmpty()
        && tags.stream().noneMatch(tag -> tag.header().uuid().equals(header.uuid()));
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
    if (!manifest.clean()) {
      // A process that died may have renamed what it did not sync; from now on it counts.
      storage.syncFolder(segmentFolder);
      storage.syncFolder(folder);
    }
    // What a copy has lost comes again from where it is copied from.
    boolean mayHaveDiverged = !manifest.clean() && !manifest.syncsWrites() && !manifest.replica();
    List<SegmentEntry> entries = manifest.segments();
    for (int i = 0; i < entries.size(); i++) {
      SegmentEntry entry = entries.get(i);
      if (!storage.exists(segmentFolder.resolve(entry.file()))) {
        openLost(entry, "the file is missing");
      } else if (entry.sealed().isPresent()) {
        openSealed(entry, entry.sealed().get());
      } else {
        openUnsealed(entry, entries.subList(i + 1, entries.size()));
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
    restoreSfv();
  }

  private boolean anyWritten(List<SegmentEntry> entries) throws IOException {
    for (SegmentEntry later : entries) {
      Path path = segmentFolder.resolve(later.file());
      if (later.sealed().isPresent()) {
        return true;
      }
      if (storage.exists(path) && hasFrames(storage, path)) {
        return true;
      }
    }
    return false;
  }

  /// A segment without its file: its records stay known, so that reading one reports the damage
  /// instead of an unknown id.
  private void openLost(SegmentEntry entry, String reason) throws IOException {
    damage.add(DamagedRange.ofFile(name(entry), reason));
    Segment segment = add(entry);
    RecordTable table = segment.table();
    if (entry.index().isPresent()) {
      try {
        table = openIndex(entry, segment).table();
      } catch (CorruptIndexException e) {
        notes.add(e.getMessage());
      }
    }
    segment.seal(MemorySegment.NULL, table);
    segment.setEnd(entry.committedBytes());
    sawSequenceOf(table);
    lastSequence = Math.max(lastSequence, entry.lastSequence());
  }

  private void openSealed(SegmentEntry entry, Manifest.Sealed sealed) throws IOException {
    Segment segment = add(entry);
    MemorySegment bytes = map(entry, segment.arena());
    if (bytes.byteSize() != entry.committedBytes()) {
      damage.add(wrongSize(entry, bytes.byteSize()));
    }
    RecordTable table;
    try {
      table = openIndex(entry, segment).table();
    } catch (CorruptIndexException e) {
      Path path = segmentFolder.resolve(entry.file());
      if (isForeign(SegmentFormat.readTags(head(storage, path)), manifest.header())) {
        notes.add(e.getMessage());
        segments.remove(segment);
        openLost(entry, FOREIGN);
        return;
      }
      Recovery.Result result =
          Recovery.scan(
              bytes.asSlice(0, Math.min(bytes.byteSize(), entry.committedBytes())),
              name(entry),
              manifest.header(),
              Recovery.Bounds.sealed(lastSequence, sealed));
      notes.add(e.getMessage() + ": rebuilt from the audio");
      damage.addAll(result.damage());
      Manifest.IndexFile index =
          sealer.writeIndex(
              entry.header(),
              SegmentFormat.indexName(entry.file(), true),
              entry.number(),
              entry.committedBytes(),
              sealed.samples(),
              result.table());
      update(manifest.with(entry.number(), old -> old.withIndex(old.committedBytes(), index)));
      table = result.table();
    }
    segment.seal(bytes, table);
    segment.setEnd(entry.committedBytes());
    lastSequence = Math.max(lastSequence, sealed.lastSequence());
  }

  private DamagedRange wrongSize(SegmentEntry entry, long size) {
    return DamagedRange.ofFile(
        name(entry), "has " + size + " bytes instead of " + entry.committedBytes());
  }

  private void sawSequenceOf(RecordTable table) {
    if (table.count() > 0) {
      lastSequence = Math.max(lastSequence, table.sequence(table.count() - 1));
    }
  }

  /// Largest sequence number that can stand in front of these segments.
  private long lastSequenceBefore(List<SegmentEntry> entries) throws IOException {
    for (SegmentEntry later : entries) {
      if (later.sealed().isPresent()) {
        return later.sealed().get().firstSequence() - 1;
      }
      if (storage.exists(segmentFolder.resolve(later.file()))) {
        try (Arena reading = Arena.ofConfined()) {
          OptionalLong first = Recovery.firstSequence(map(later, reading), manifest.header());
          if (first.isPresent()) {
            return first.getAsLong() - 1;
          }
        }
      }
    }
    return Recovery.MAX_SEQUENCE;
  }

  private void openUnsealed(SegmentEntry entry, List<SegmentEntry> later) throws IOException {
    boolean writtenAfter = anyWritten(later);
    Path path = segmentFolder.resolve(entry.file());
    if (isForeign(SegmentFormat.readTags(head(storage, path)), manifest.header())) {
      openLost(entry, FOREIGN);
      return;
    }
    Segment segment = add(entry);
    Storage.File file = storage.openToWrite(path);
    boolean kept = false;
    try (Arena reading = Arena.ofConfined()) {
      // One that was sealed, as far as its head can tell, is complete, and may be a snapshot's too.
      boolean hadOpenHead = !restoreOpenHead(entry, file);
      boolean intact = file.size() >= entry.committedBytes();
      if (!intact) {
        damage.add(wrongSize(entry, file.size()));
      }
      RecordTable table = segment.table();
      long end = SegmentFormat.HEAD_SIZE;
      long nextSample = 0;
      Optional<SegmentIndex> index = indexOfCleanClose(entry, reading);
      if (index.isPresent()) {
        table = index.get().table().copyToGrow();
        end = entry.committedBytes();
        nextSample = index.get().coveredSamples();
        sawSequenceOf(table);
        if (!intact) {
          restoreLength(entry, file);
        }
      }
      // With an older manifest that was put back, a file is longer than when it was closed.
      if (index.isEmpty() || file.size() > end) {
        Recovery.Bounds whole =
            Recovery.Bounds.open(
                lastSequence,
                writtenAfter ? Long.MAX_VALUE : entry.committedBytes(),
                lastSequenceBefore(later));
        Recovery.Result result =
            Recovery.scan(
                file.map(0, Math.min(file.size(), MAX_FILE_SIZE), reading),
                name(entry),
                manifest.header(),
                index.map(whole::behind).orElse(whole));
        damage.addAll(result.damage());
        intact &= result.damage().isEmpty();
        if (result.end() < file.size()) {
          cut(entry, file, result.end());
        }
        makeDurable(file, result.durableEnd(), result.end());
        if (index.isPresent()) {
          table.addAll(result.table());
        } else {
          table = result.table();
        }
        end = result.end();
        nextSample = result.nextSample();
      }
      segment.setTable(table);
      segment.setEnd(end);
      segment.setPiece(0, file.map(0, segment.end(), segment.arena()));
      sawSequenceOf(table);
      // Behind damage the time position of the next frame is not sure, so writing goes on in a new
      // segment.
      if (intact
          && hadOpenHead
          && !writtenAfter
          && segment.end() < manifest.segmentBytes()
          && writer.isEmpty()) {
        writer = Optional.of(new SegmentWriter(segment, file, segment.end(), nextSample));
        kept = true;
      } else if (table.count() == 0 && segment.end() == SegmentFormat.HEAD_SIZE) {
        forget(entry, segment);
      }
    } finally {
      if (!kept) {
        file.close();
      }
    }
  }

  /// Gives a file that lost its end its length back, so that the records that the index names have
  /// their places.
  private static void restoreLength(SegmentEntry entry, Storage.File file) throws IOException {
    file.write(entry.committedBytes() - 1, ByteBuffer.allocate(1));
    file.sync();
  }

  /// What a process that died had written, and perhaps not synced, is what readers see from now on,
  /// so it must survive a power loss. Written anew, because after a failed sync the system takes
  /// pages for saved that are not.
  private static void makeDurable(Storage.File file, long from, long end) throws IOException {
    for (long at = from; at < end; at += STEP) {
      long size = Math.min(STEP, end - at);
      try (Arena reading = Arena.ofConfined()) {
        file.write(at, ByteBuffer.wrap(file.map(at, size, reading).toArray(ValueLayout.JAVA_BYTE)));
      }
    }
    if (from < end) {
      file.sync();
    }
  }

  /// An open segment has an open head: what an interrupted sealing, or damage, left there is put
  /// right.
  ///
  /// @return whether it had to be
  private boolean restoreOpenHead(SegmentEntry entry, Storage.File file) throws IOException {
    byte[] head =
        SegmentFormat.openHead(
            entry.header(), SegmentFormat.epochOf(entry.file()), entry.number(), entry.compacted());
    byte[] found = head(storage, segmentFolder.resolve(entry.file()));
    if (Arrays.equals(head, found)) {
      return false;
    }
    file.write(0, ByteBuffer.wrap(head));
    file.sync();
    notes.add(
        name(entry) + ": file metadata restored (it was damaged, or sealing had been interrupted)");
    return true;
  }

  private Optional<SegmentIndex> indexOfCleanClose(SegmentEntry entry, Arena arena)
      throws IOException {
    if (!manifest.clean() || entry.index().isEmpty()) {
      return Optional.empty();
    }
    try {
      SegmentIndex index =
          sealer.openIndex(entry.header(), entry.index().get(), entry.number(), arena);
      return index.coveredBytes() == entry.committedBytes() ? Optional.of(index) : Optional.empty();
    } catch (CorruptIndexException e) {
      notes.add(e.getMessage() + ": rebuilt from the audio");
      return Optional.empty();
    }
  }

  /// Cuts off what a torn write left, and keeps it in a file of its own.
  private void cut(SegmentEntry entry, Storage.File file, long end) throws IOException {
    long size = file.size() - end;
    Path torn = segmentFolder.resolve(entry.file() + "." + end + ".torn");
    String kept = "kept as " + torn.getFileName();
    try (Arena reading = Arena.ofConfined()) {
      storage.replace(torn, file.map(end, Math.min(size, MAX_TORN), reading));
    } catch (IOException e) {
      // Nobody was told that it is there, so a full disk need not keep the collection shut.
      kept = "not kept: " + e.getMessage();
    }
    file.truncate(end);
    file.sync();
    notes.add(
        name(entry)
            + ": cut "
            + size
            + " bytes of an unfinished write at byte "
            + end
            + ", "
            + kept);
  }

  private void forget(SegmentEntry entry, Segment segment) throws IOException {
    List<SegmentEntry> entries = new ArrayList<>(manifest.segments());
    entries.remove(entry);
    update(manifest.next(manifest.clean(), entries));
    segments.remove(segment);
    storage.delete(segmentFolder.resolve(entry.file()));
  }

  private void closeWriter() throws IOException {
    if (writer.isPresent()) {
      SegmentWriter open = writer.get();
      writer = Optional.empty();
      open.file().close();
      if (open.isEmpty()) {
        for (SegmentEntry entry : manifest.segments()) {
          if (entry.number() == open.segment().number()) {
            forget(entry, open.segment());
          }
        }
      }
    }
  }

  /// `index.sfv` as the manifest has it: a crash can come between the two.
  private void restoreSfv() {
    Path sfv = folder.resolve(SegmentLog.SFV_FILE);
    byte[] text = Sfv.text(manifest).getBytes(StandardCharsets.UTF_8);
    boolean anySealed = manifest.segments().stream().anyMatch(entry -> entry.sealed().isPresent());
    try {
      boolean there = storage.exists(sfv);
      boolean right =
          there
              ? storage
                  .readUpTo(sfv, text.length)
                  .map(found -> Arrays.equals(found, text))
                  .orElse(false)
              : !anySealed;
      if (!right) {
        storage.replace(sfv, ByteBuffer.wrap(text));
        notes.add(
            SegmentLog.SFV_FILE + (there ? " was not up to date" : " was missing") + ": rewritten");
      }
    } catch (IOException e) {
      notes.add(SegmentLog.SFV_FILE + " cannot be written: " + e.getMessage());
    }
  }

  /// Removes what a crash left and nothing names; tells of files that are none of ours.
  private void clearLeftovers() throws IOException {
    List<String> known = new ArrayList<>();
    for (SegmentEntry entry : manifest.segments()) {
      known.add(entry.file());
      entry.index().ifPresent(index -> known.add(index.file()));
    }
    for (String file : storage.list(folder)) {
      if (file.endsWith(".new")) {
        storage.delete(folder.resolve(file));
      }
    }
    for (String file : storage.list(segmentFolder)) {
      try {
        clearLeftover(file, known);
      } catch (NoSuchFileException goneMeanwhile) {
        // A view that is older than this log kept it, and was closed.
      }
    }
  }

  private void clearLeftover(String file, List<String> known) throws IOException {
    Path path = segmentFolder.resolve(file);
    if (file.endsWith(".new")
        || file.endsWith(".idx") && !known.contains(file)
        || file.endsWith(SegmentFormat.PAYLOAD_INDEX)
            && !SegmentFormat.isPayloadIndexOf(file, known)) {
      storage.delete(path);
    } else if (SegmentFormat.isSegmentName(file) && !known.contains(file)) {
      if (!hasFrames(storage, path) || isSuperseded(file, path) || isUnfinished(path)) {
        storage.delete(path);
      } else {
        notes.add(
            SegmentFormat.FOLDER + "/" + file + " is not in " + Manifest.FILE + " and ignored");
      }
    }
  }

  /// Whether a file was compacted, and its deletion did not last.
  private boolean isSuperseded(String file, Path path) throws IOException {
    int number = SegmentFormat.numberOf(file);
    OptionalLong first =
        isForeign(SegmentFormat.readTags(head(storage, path)), manifest.header())
            ? OptionalLong.empty()
            : firstSequence(path);
    long sequence = first.orElse(-1);
    return manifest.segments().stream()
        .filter(entry -> entry.number() > number)
        .flatMap(entry -> entry.compacted().stream())
        .anyMatch(compacted -> compacted.covers(sequence));
  }

  private OptionalLong firstSequence(Path path) throws IOException {
    try (Storage.File file = storage.open(path);
        Arena reading = Arena.ofConfined()) {
      long size = Math.min(file.size(), MAX_FILE_SIZE);
      return Recovery.firstSequence(file.map(0, size, reading), manifest.header());
    }
  }

  /// Whether a file is that of a compaction that a crash ended before it was named.
  private boolean isUnfinished(Path path) throws IOException {
    return Compactor.isUnfinished(
        head(storage, path),
        manifest.segments(),
        file -> storage.exists(segmentFolder.resolve(file)));
  }

  private Segment add(SegmentEntry entry) {
    Segment segment = new Segment(entry.number(), entry.file(), RecordTable.growing());
    segments.add(segment);
    return segment;
  }

  private SegmentIndex openIndex(SegmentEntry entry, Segment segment) throws IOException {
    return sealer.openIndex(
        entry.header(), entry.index().orElseThrow(), entry.number(), segment.arena());
  }

  private MemorySegment map(SegmentEntry entry, Arena arena) throws IOException {
    try (Storage.File file = storage.open(segmentFolder.resolve(entry.file()))) {
      return file.map(0, file.size(), arena);
    }
  }

  private void update(Manifest next) throws IOException {
    next.write(storage, folder);
    manifest = next;
  }

  private static String name(SegmentEntry entry) {
    return SegmentFormat.FOLDER + "/" + entry.file();
  }
}
