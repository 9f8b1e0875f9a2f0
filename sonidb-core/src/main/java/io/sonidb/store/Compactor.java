package io.sonidb.store;

import io.sonidb.flac.Frames;
import io.sonidb.flac.PcmMd5;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Manifest.Compacted;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// Makes one segment of several that follow one another, without what is superseded.
///
/// Each record that is kept is decoded, which checks it, and its frames are copied under new time
/// positions, without being encoded again: samples, hash and sequence number stay. When the newest
/// record of the range is not kept, a skip record takes its place at the end, so that the audio
/// itself goes on telling which numbers were given away.
///
/// # Deletes
///
/// A delete is kept as long as anybody may need it: until it is older than the retention, for those
/// who follow the changes; and as long as an older segment holds a record of its id, which would
/// come to life again if the index had to be rebuilt from the audio. One that is followed by a
/// newer record of its id is not needed at all.
final class Compactor {
  private static final int BUFFER = 1 << 20;

  /// What a compaction is to do.
  ///
  /// @param header what the new segment's head says
  /// @param durable up to this sequence number records survive a power loss, so only those count as
  ///   superseding others
  /// @param newest sequence number of the newest record of an id that has a vector, else 0
  /// @param deleteIsOld whether a delete of that time, in milliseconds since 1970, is beyond the
  ///   retention
  /// @param pace is called after each [#BUFFER] bytes, to slow it down or, by an exception, to stop
  ///   it
  record Task(
      CollectionHeader header,
      long durable,
      ToLongFunction<VectorId> newest,
      LongPredicate deleteIsOld,
      Pace pace) {}

  /// Slows a compaction down.
  @FunctionalInterface
  interface Pace {
    void next() throws IOException;
  }

  /// A segment that is complete, with where its records come from.
  ///
  /// @param outcome of sealing it
  /// @param segment that readers will see
  /// @param inputs that it takes the place of
  /// @param origins where each of its records was
  /// @param droppedDelete sequence number of the newest delete that was left out though nothing
  ///   supersedes it; 0 if none was
  /// @param guards whether a delete was kept that is old enough to go, for an older segment holds a
  ///   record of its id
  record Made(
      Sealer.Outcome outcome,
      Segment segment,
      List<Segment> inputs,
      Origins origins,
      long droppedDelete,
      boolean guards) {}

  /// Where the records of the new segment were, by ordinal.
  static final class Origins {
    private int[] inputs = new int[1024];
    private int[] ordinals = new int[1024];
    private int count;

    private void add(int input, int ordinal) {
      if (count == inputs.length) {
        inputs = Arrays.copyOf(inputs, count * 2);
        ordinals = Arrays.copyOf(ordinals, count * 2);
      }
      inputs[count] = input;
      ordinals[count++] = ordinal;
    }

    int count() {
      return count;
    }

    /// Index of the input; -1 for a skip record that was made.
    int input(int at) {
      return inputs[at];
    }

    /// Ordinal in the input.
    int ordinal(int at) {
      return ordinals[at];
    }
  }

  private final Storage storage;
  private final Path folder;
  private final Sealer sealer;
  private final Task task;
  private final List<SegmentEntry> entries;
  private final List<Segment> inputs;
  private final List<Segment> all;
  private final int firstInput;

  private final RecordTable table = RecordTable.growing();
  private final RecordDecoder decoder;
  private final RecordEncoder encoder;
  private final Sealer.Hearing hearing;
  private final Origins origins = new Origins();
  private byte[] record = new byte[1 << 13];
  private final byte[] buffer = new byte[BUFFER + Recovery.MAX_RECORD_BYTES * 2];
  private int used;
  private long written = SegmentFormat.HEAD_SIZE;
  private long nextSample;
  private long droppedDelete;
  private boolean guards;

  /// @param entries of the inputs
  /// @param all segments of the log, pinned
  /// @param firstInput index of the first input among them; the others follow it
  Compactor(
      Storage storage,
      Path folder,
      Sealer sealer,
      Task task,
      List<SegmentEntry> entries,
      List<Segment> all,
      int firstInput) {
    this.storage = storage;
    this.folder = folder;
    this.sealer = sealer;
    this.task = task;
    this.entries = entries;
    this.all = all;
    this.firstInput = firstInput;
    this.inputs = all.subList(firstInput, firstInput + entries.size());
    this.decoder = new RecordDecoder(task.header().format());
    this.encoder = new RecordEncoder(task.header().format());
    this.hearing =
        new Sealer.Hearing(task.header().format(), new PcmMd5(task.header().format().audio()));
  }

  /// Writes the new segment; nothing names it yet.
  ///
  /// @throws CorruptSegmentException if a record that is needed is damaged; nothing has changed
  Made run(int epoch, int number) throws IOException {
    String name = SegmentFormat.fileName(epoch, number);
    Path path = folder.resolve(name);
    Path fresh = folder.resolve(name + ".new");
    storage.delete(fresh);
    byte[] head = SegmentFormat.openHead(task.header(), epoch, number, Optional.of(compacted()));
    Segment segment = new Segment(number, name, table);
    try (Storage.File file = storage.create(fresh)) {
      file.write(0, ByteBuffer.wrap(head));
      for (int input = 0; input < inputs.size(); input++) {
        copy(input, file);
      }
      fillUp();
      flush(file);
      file.sync();
      segment.setEnd(written);
      SegmentEntry open =
          new SegmentEntry(
              number,
              name,
              task.header(),
              Sealer.crcOf(head),
              SegmentFormat.HEAD_SIZE,
              Optional.empty(),
              Optional.empty(),
              Optional.of(compacted()));
      Sealer.Outcome outcome = sealer.complete(open, segment, file, hearing.audio(table, written));
      storage.rename(fresh, path);
      storage.syncFolder(folder);
      segment.seal(outcome.bytes(), outcome.table());
      return new Made(outcome, segment, List.copyOf(inputs), origins, droppedDelete, guards);
    } catch (IOException | RuntimeException | Error e) {
      deleteQuietly(fresh, e);
      throw e;
    }
  }

  private void deleteQuietly(Path path, Throwable why) {
    try {
      storage.delete(path);
    } catch (IOException e) {
      why.addSuppressed(e); // the next start deletes it
    }
  }

  private Compacted compacted() {
    return new Compacted(first(entries.getFirst()), lastSequence());
  }

  private static long first(SegmentEntry entry) {
    return entry
        .compacted()
        .map(Compacted::firstSequence)
        .orElse(entry.sealed().orElseThrow().firstSequence());
  }

  private long lastSequence() {
    return entries.getLast().lastSequence();
  }

  private void copy(int input, Storage.File file) throws IOException {
    Segment from = inputs.get(input);
    RecordTable records = from.table();
    int count = records.count();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      if (records.kind(ordinal) == RecordKind.DELETE
          ? isSuperseded(from, firstInput + input, ordinal)
          : records.kind(ordinal) == RecordKind.SKIP
              || !from.liveness().isLive(ordinal, task.durable())) {
        continue;
      }
      load(from, ordinal);
      if (decoder.kind() == RecordKind.DELETE && mayGo(ordinal, input)) {
        droppedDelete = Math.max(droppedDelete, decoder.sequence());
        continue;
      }
      append(input, ordinal, records);
      if (used >= BUFFER) {
        flush(file);
        task.pace().next();
      }
    }
  }

  /// Whether a newer record of a delete's id makes the delete needless.
  private boolean isSuperseded(Segment segment, int place, int ordinal) {
    VectorId id = segment.table().id(ordinal).orElseThrow();
    long now = task.newest().applyAsLong(id);
    if (now > 0 && now <= task.durable()) {
      return true;
    }
    for (int later = place; later < all.size(); later++) {
      RecordTable records = all.get(later).table();
      if (records.isSorted()) {
        // A payload record makes nothing needless: without its vector it does not count.
        int newest = newestOf(records, id, any -> records.kind(any) != RecordKind.PAYLOAD);
        if (newest >= 0 && (later > place || newest > ordinal)) {
          return true;
        }
      }
    }
    return false;
  }

  /// Whether nobody needs the delete that the decoder has read.
  private boolean mayGo(int ordinal, int input) {
    if (!task.deleteIsOld().test(decoder.insertedAtMillis())) {
      return false;
    }
    VectorId id = inputs.get(input).table().id(ordinal).orElseThrow();
    for (int older = 0; older < firstInput; older++) {
      RecordTable records = all.get(older).table();
      if (!records.isSorted() || newestOf(records, id, any -> true) >= 0) {
        guards = true;
        return false;
      }
    }
    return true;
  }

  private static int newestOf(RecordTable sorted, VectorId id, IntPredicate counts) {
    int records = sorted.count();
    return sorted.newestOf(id, sorted.byId(records), records, counts);
  }

  /// Reads and checks a record; the PCM of those that are left out is not heard.
  private void load(Segment from, int ordinal) throws IOException {
    RecordTable records = from.table();
    int length = Math.clamp(records.length(ordinal), 0, Recovery.MAX_RECORD_BYTES);
    if (length > record.length) {
      record = new byte[Math.max(length, record.length * 2)];
    }
    from.copy(records.offset(ordinal), length, record, 0);
    String wrong;
    try {
      int read = decoder.read(record, 0, length);
      wrong = Sealer.mismatch(decoder, records, ordinal, read);
    } catch (IOException e) {
      wrong = String.valueOf(e.getMessage());
    }
    if (!wrong.isEmpty()) {
      throw new CorruptSegmentException(
          SegmentFormat.FOLDER
              + "/"
              + from.file()
              + " at byte "
              + records.offset(ordinal)
              + records.id(ordinal).map(id -> ", id " + id).orElse("")
              + ": "
              + wrong
              + ": the segment is not compacted",
          from.number());
    }
  }

  private void append(int input, int ordinal, RecordTable records) throws IOException {
    int start = used;
    long sample = nextSample;
    if (decoder.kind() == RecordKind.UPSERT
        && decoder.sonification() != task.header().format().sonification()) {
      appendAnew(decoder.record());
    } else {
      appendFrames();
    }
    origins.add(input, ordinal);
    table.add(
        records.kind(ordinal),
        records.id(ordinal),
        records.sequence(ordinal),
        records.hash(ordinal),
        written + start,
        used - start,
        sample,
        Math.toIntExact(nextSample - sample),
        records.expiresAtMillis(ordinal) + records.vectorSequence(ordinal));
    hear(start, used - start);
  }

  private void appendFrames() {
    int at = 0;
    for (int part = 0; part < decoder.parts(); part++) {
      used += Frames.renumber(record, at, decoder.partLength(part), nextSample, buffer, used);
      at += decoder.partLength(part);
      nextSample += decoder.partSamples(part);
    }
  }

  /// Encodes a record; returns its hash, which does not depend on how it sounds.
  private long appendAnew(SoundRecord anew) {
    EncodedBatch batch = new EncodedBatch(1, encoder.maxSize(anew));
    batch.add(encoder, anew);
    used += batch.place(nextSample, buffer, used);
    nextSample += batch.recordSamples(0);
    return batch.hash(0);
  }

  /// Decodes what was just written, which gives the MD5 and proves it right.
  private void hear(int start, int length) throws IOException {
    decoder.read(buffer, start, start + length, hearing);
    hearing.heard(decoder, table.count() - 1);
  }

  /// Takes up the last number of the range, if no record that is kept has it.
  private void fillUp() throws IOException {
    int count = table.count();
    if (count > 0 && table.sequence(count - 1) == lastSequence()) {
      return;
    }
    int start = used;
    long sample = nextSample;
    long hash = appendAnew(SoundRecord.skip(lastSequence(), 1));
    origins.add(-1, -1);
    table.add(
        RecordKind.SKIP,
        Optional.empty(),
        lastSequence(),
        hash,
        written + start,
        used - start,
        sample,
        Math.toIntExact(nextSample - sample),
        0);
    hear(start, used - start);
  }

  private void flush(Storage.File file) throws IOException {
    file.write(written, ByteBuffer.wrap(buffer, 0, used));
    written += used;
    used = 0;
  }

  /// Whether a segment was made by a compaction that did not get to the point of naming it, and
  /// everything in it is in segments that are named and there.
  static boolean isUnfinished(byte[] head, List<SegmentEntry> named, Predicate<String> isThere) {
    Optional<Compacted> made = SegmentFormat.agreedRange(SegmentFormat.readTags(head));
    if (made.isEmpty()) {
      return false;
    }
    Compacted range = made.get();
    List<SegmentEntry> same =
        named.stream()
            .filter(entry -> entry.sealed().isPresent())
            .filter(entry ->
                entry.lastSequence() >= range.firstSequence()
                    && first(entry) <= range.lastSequence())
            .toList();
    // An older manifest that was put back may name only some of what is in it.
    return !same.isEmpty()
        && first(same.getFirst()) <= range.firstSequence()
        && same.getLast().lastSequence() >= range.lastSequence()
        && same.stream().allMatch(entry -> isThere.test(entry.file()));
  }
}
