package io.sonidb;

import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.Directory;
import io.sonidb.index.Liveness;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.SegmentRetiredException;
import io.sonidb.store.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// A collection's log with its directory: everything that is replaced when all is rebuilt from the
/// audio.
final class Engine implements AutoCloseable, SegmentLog.Listener {
  static final String DIRECTORY_FILE = "directory.bin";

  private static final int READERS = 32;

  /// A decoder with the bytes it decodes; as many as threads read at once.
  static final class Reader {
    private final RecordDecoder decoder;
    private byte[] bytes = new byte[1 << 13];

    Reader(SoundFormat format) {
      decoder = new RecordDecoder(format);
    }

    RecordDecoder decoder() {
      return decoder;
    }
  }

  private final Storage storage;
  private final Path folder;
  private final SegmentLog log;
  private final Directory directory;
  private final SoundFormat format;
  private final int dimension;
  private final List<String> notes;
  private final AtomicReferenceArray<Reader> readers = new AtomicReferenceArray<>(READERS);
  private final long sequenceAtOpen;
  private final long generationAtOpen;

  private Engine(Storage storage, Path folder, SegmentLog log) throws IOException {
    this.storage = storage;
    this.folder = folder;
    this.log = log;
    this.format = log.header().format();
    this.dimension = log.header().dimension();
    this.notes = new ArrayList<>(log.notes());
    this.sequenceAtOpen = log.lastSequence();
    this.generationAtOpen = log.manifest().generation();
    Optional<Directory.Checkpoint> checkpoint = checkpoint();
    this.directory =
        checkpoint.map(Directory.Checkpoint::directory).orElse(new Directory(this::hasId));
    replay(checkpoint.map(Directory.Checkpoint::sequence).orElse(0L));
  }

  static Engine open(Storage storage, Path folder, Executor cores, int coreCount)
      throws IOException {
    SegmentLog log = SegmentLog.open(storage, folder, cores, coreCount);
    try {
      Engine engine = new Engine(storage, folder, log);
      log.start(engine);
      return engine;
    } catch (IOException | RuntimeException e) {
      log.close();
      throw e;
    }
  }

  SegmentLog log() {
    return log;
  }

  Directory directory() {
    return directory;
  }

  /// What was repaired when the collection was opened.
  List<String> notes() {
    return notes;
  }

  /// The directory as the last clean close left it, if it still fits the log.
  private Optional<Directory.Checkpoint> checkpoint() throws IOException {
    Path file = folder.resolve(DIRECTORY_FILE);
    if (!log.notes().isEmpty() || !log.damageAtOpen().isEmpty() || !storage.exists(file)) {
      return Optional.empty();
    }
    try (Storage.File in = storage.openToWrite(file)) {
      Directory.Checkpoint checkpoint =
          Directory.open(in.mapPrivately(), log.header().uuid(), this::hasId, this::isRecord);
      if (checkpoint.sequence() > log.lastSequence()) {
        return Optional.empty();
      }
      ByteBuffer liveness = checkpoint.liveness();
      int segments = liveness.getInt();
      for (int i = 0; i < segments; i++) {
        int number = liveness.getInt();
        int records = liveness.getInt();
        long sequence = liveness.getLong();
        Liveness ofSegment = Liveness.readFrom(liveness);
        if (!log.hasSegment(number)
            || records < 0
            || records > log.segment(number).table().count()
            || sequence != lastSequence(log.segment(number), records)) {
          return Optional.empty();
        }
        log.segment(number).restoreLiveness(ofSegment);
      }
      return Optional.of(checkpoint);
    } catch (CorruptIndexException | java.nio.BufferUnderflowException e) {
      notes.add(DIRECTORY_FILE + ": " + e.getMessage() + ": rebuilt");
      return Optional.empty();
    }
  }

  /// Tells whether the first `records` of a segment are those that a checkpoint was made of: when a
  /// damaged one was left out since, the others have moved up.
  private static long lastSequence(Segment segment, int records) {
    return records == 0 ? 0 : segment.table().sequence(records - 1);
  }

  private boolean isRecord(long location) {
    int segment = Directory.segment(location);
    int ordinal = Directory.ordinal(location);
    return log.hasSegment(segment)
        && ordinal >= 0
        && ordinal < log.segment(segment).table().count();
  }

  private void replay(long after) {
    for (Segment segment : log.segments()) {
      RecordTable table = segment.table();
      int from = table.firstAtOrAfter(after + 1);
      if (from == 0 || after == 0) {
        segment.restoreLiveness(new Liveness());
      }
      published(segment, from, table.count());
    }
  }

  @Override
  public void published(Segment segment, int from, int to) {
    RecordTable table = segment.table();
    for (int ordinal = from; ordinal < to; ordinal++) {
      long location = Directory.location(segment.number(), ordinal);
      long sequence = table.sequence(ordinal);
      Optional<VectorId> id = table.id(ordinal);
      if (id.isEmpty() || table.kind(ordinal) == RecordKind.PAYLOAD) {
        log.kill(location, sequence);
        continue;
      }
      if (table.kind(ordinal) == RecordKind.UPSERT) {
        kill(directory.put(id.get(), location), sequence);
      } else {
        // Dead first: what is live can be found at any moment.
        kill(directory.find(id.get()), sequence);
        directory.remove(id.get());
      }
    }
  }

  private void kill(long location, long sequence) {
    if (location != Directory.NONE) {
      log.kill(location, sequence);
    }
  }

  @Override
  public void moved(Segment from, int fromOrdinal, Segment to, int toOrdinal) {
    to.table()
        .id(toOrdinal)
        .ifPresent(id ->
            directory.move(
                id,
                Directory.location(from.number(), fromOrdinal),
                Directory.location(to.number(), toOrdinal)));
  }

  @Override
  public long nowMillis() {
    return System.currentTimeMillis();
  }

  private boolean hasId(long location, VectorId id) {
    Segment segment = log.segment(Directory.segment(location));
    try {
      return segment.table().hasId(Directory.ordinal(location), id);
    } catch (IllegalStateException released) {
      throw new SegmentRetiredException(segment.number());
    }
  }

  /// Location of the newest record of an id, or [Directory#NONE].
  long find(VectorId id) {
    while (true) {
      try {
        return directory.find(id);
      } catch (SegmentRetiredException moved) {
        // The directory names the new place by now.
      }
    }
  }

  /// Sequence number of the newest record of an id; 0 if it is not there.
  @Override
  public long sequenceOf(VectorId id) {
    while (true) {
      long location = find(id);
      if (location == Directory.NONE) {
        return 0;
      }
      try {
        return table(location).sequence(Directory.ordinal(location));
      } catch (IllegalStateException moved) {
        // The directory names the new place by now.
      }
    }
  }

  private RecordTable table(long location) {
    return log.segment(Directory.segment(location)).table();
  }

  /// The newest point of an id.
  Optional<Point> get(VectorId id) {
    while (true) {
      try {
        long location = directory.find(id);
        return location == Directory.NONE ? Optional.empty() : Optional.of(read(location, id));
      } catch (SegmentRetiredException moved) {
        // The directory names the new place by now.
      }
    }
  }

  /// Reads the vector record at a place, in a segment that is pinned.
  Point read(Segment segment, int ordinal) {
    return read(segment, ordinal, segment.table().id(ordinal).orElseThrow());
  }

  /// A point with the payload of a payload record, in a segment that is pinned.
  Point withPayload(Point point, Segment segment, int ordinal) {
    Reader reader = take();
    try {
      load(segment, ordinal, reader);
      if (!reader.decoder.isAbout(point.id())) {
        throw new IOException("the index names another record here");
      }
      return new Point(
          point.id(),
          point.vector(),
          Payload.stored(reader.decoder.payload()),
          reader.decoder.sequence());
    } catch (IOException e) {
      throw damaged(segment, ordinal, e);
    } finally {
      give(reader);
    }
  }

  /// Reads the record at a location that the directory gave for `id`.
  ///
  /// @throws SegmentRetiredException if it was moved meanwhile
  Point read(long location, VectorId id) {
    return read(log.segment(Directory.segment(location)), Directory.ordinal(location), id);
  }

  private Point read(Segment segment, int ordinal, VectorId id) {
    Reader reader = take();
    try {
      load(segment, ordinal, reader);
      RecordDecoder decoder = reader.decoder;
      if (decoder.kind() != RecordKind.UPSERT || !decoder.isAbout(id)) {
        throw new IOException("the index names another record here");
      }
      return new Point(id, vector(decoder), Payload.stored(decoder.payload()), decoder.sequence());
    } catch (IOException e) {
      throw damaged(segment, ordinal, e);
    } finally {
      give(reader);
    }
  }

  /// Copies the frames of a record out of its segment, checked.
  byte[] frames(long location) {
    Segment segment = log.segment(Directory.segment(location));
    int ordinal = Directory.ordinal(location);
    Reader reader = take();
    try {
      int length = load(segment, ordinal, reader);
      return java.util.Arrays.copyOf(reader.bytes, length);
    } catch (IOException e) {
      throw damaged(segment, ordinal, e);
    } finally {
      give(reader);
    }
  }

  private int load(Segment segment, int ordinal, Reader reader) throws IOException {
    try {
      return loadUnlessRetired(segment, ordinal, reader);
    } catch (IllegalStateException e) {
      throw segment.isRetired() ? new SegmentRetiredException(segment.number()) : e;
    }
  }

  private int loadUnlessRetired(Segment segment, int ordinal, Reader reader) throws IOException {
    RecordTable table = segment.table();
    int length = table.length(ordinal);
    if (length <= 0 || length > SegmentLog.MAX_RECORD_BYTES) {
      throw new IOException("the index gives it " + length + " bytes");
    }
    if (length > reader.bytes.length) {
      reader.bytes = new byte[Math.max(length, reader.bytes.length * 2)];
    }
    segment.copy(table.offset(ordinal), length, reader.bytes, 0);
    reader.decoder.read(reader.bytes, 0, length);
    check(reader.decoder, segment, ordinal);
    return length;
  }

  /// Makes sure that a sound record is the one that was written there, and not another one's, of
  /// another file or collection.
  void check(RecordDecoder decoder, Segment segment, int ordinal) throws IOException {
    if (decoder.hash() != segment.table().hash(ordinal)) {
      throw new IOException("another record is here than the index names");
    }
    if (decoder.kind() == RecordKind.UPSERT && decoder.dimension() != dimension) {
      throw new IOException(
          "the record has " + decoder.dimension() + " components, the collection " + dimension);
    }
  }

  private Vector vector(RecordDecoder decoder) {
    if (format.element() == ElementType.FLOAT32) {
      float[] floats = new float[decoder.dimension()];
      decoder.copyVector(floats);
      return Vector.sharing(floats);
    }
    double[] doubles = new double[decoder.dimension()];
    decoder.copyVector(doubles);
    return Vector.sharing(doubles);
  }

  /// The point that a decoder has just read.
  Point point(RecordDecoder decoder) {
    return new Point(
        decoder.id(), vector(decoder), Payload.stored(decoder.payload()), decoder.sequence());
  }

  DamagedRecordException damaged(Segment segment, int ordinal, Exception cause) {
    return new DamagedRecordException(
        damage(segment, ordinal, String.valueOf(cause.getMessage())), cause);
  }

  Damage damage(Segment segment, int ordinal, String reason) {
    RecordTable table = segment.table();
    return new Damage(
        "segments/" + segment.file(),
        OptionalLong.of(table.offset(ordinal)),
        OptionalDouble.of(table.firstSample(ordinal) / (double) format.audio().sampleRateHz()),
        table.id(ordinal),
        reason);
  }

  Reader take() {
    int at = slot();
    Reader reader = readers.getAndSet(at, null);
    return reader != null ? reader : new Reader(format);
  }

  void give(Reader reader) {
    readers.set(slot(), reader);
  }

  private static int slot() {
    return (int) Thread.currentThread().threadId() & READERS - 1;
  }

  /// Closes the log; afterwards the next open need not replay it.
  @Override
  public void close() throws IOException {
    log.close();
    if (log.lastSequence() == sequenceAtOpen
            && log.manifest().generation() == generationAtOpen
            && notes.isEmpty()
            && storage.exists(folder.resolve(DIRECTORY_FILE))
        || log.hasFailed()) {
      return;
    }
    int size = 4;
    List<Segment> segments = log.segments();
    for (Segment segment : segments) {
      size += 16 + segment.liveness().size();
    }
    ByteBuffer liveness = ByteBuffer.allocate(size).putInt(segments.size());
    for (Segment segment : segments) {
      int records = segment.table().count();
      liveness.putInt(segment.number()).putInt(records).putLong(lastSequence(segment, records));
      segment.liveness().writeTo(liveness);
    }
    Path file = folder.resolve(DIRECTORY_FILE);
    try {
      storage.replace(
          file, directory.checkpoint(log.header().uuid(), log.lastSequence(), liveness.array()));
    } catch (IOException aCacheOnly) {
      // Without it the next open replays the log.
    }
  }
}
