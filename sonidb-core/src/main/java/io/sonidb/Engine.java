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
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/// A collection's log with its directory: everything that is replaced when all is rebuilt from the
/// audio.
final class Engine implements AutoCloseable, SegmentLog.Listener {
  static final String DIRECTORY_FILE = "directory.bin";

  private static final int READERS = 32;
  private static final int MOST_TRIES = 1_000_000;

  /// What is newest of an id.
  ///
  /// @param location of its newest record, [Directory#NONE] if it is not there
  /// @param sequence of that record, 0 if it is not there
  /// @param vectorSequence of the upsert that holds its vector, 0 if it is not there
  /// @param expiresAtMillis when it expires, 0 for never
  record Newest(long location, long sequence, long vectorSequence, long expiresAtMillis) {
    private static final Newest ABSENT = new Newest(Directory.NONE, 0, 0, 0);

    boolean isThere() {
      return location != Directory.NONE;
    }
  }

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

    /// An array for what is to be decoded.
    byte[] bytes(int atLeast) {
      if (atLeast > bytes.length) {
        bytes = new byte[Math.max(atLeast, bytes.length * 2)];
      }
      return bytes;
    }
  }

  private final Storage storage;
  private final Path folder;
  private final SegmentLog log;
  private final Directory directory;
  private final SoundFormat format;
  private final int dimension;
  private final List<String> notes;
  private final InstantSource clock;
  private final Expiry expiry;
  private final PayloadIndexes payloads;
  private final SearchParts search;
  private final AtomicReferenceArray<Reader> readers = new AtomicReferenceArray<>(READERS);
  private final long sequenceAtOpen;
  private final long generationAtOpen;

  private Engine(
      Storage storage,
      Path folder,
      SegmentLog log,
      SoniDbOptions options,
      Runnable onExpiring,
      Indexer indexer)
      throws IOException {
    this.storage = storage;
    this.folder = folder;
    this.log = log;
    this.format = log.header().format();
    this.dimension = log.header().dimension();
    this.notes = new CopyOnWriteArrayList<>(log.notes());
    this.clock = options.clock();
    this.expiry = new Expiry(log, onExpiring);
    this.payloads = new PayloadIndexes(this);
    this.search =
        new SearchParts(
            this,
            storage,
            options.indexing(),
            indexer,
            CollectionSpec.of(log.manifest()).metric().score());
    this.sequenceAtOpen = log.lastSequence();
    this.generationAtOpen = log.manifest().generation();
    Optional<Directory.Checkpoint> checkpoint = checkpoint();
    this.directory =
        checkpoint.map(Directory.Checkpoint::directory).orElse(new Directory(this::hasId));
    replay(checkpoint.map(Directory.Checkpoint::sequence).orElse(0L));
  }

  /// @param options the clock tells what has expired
  /// @param onExpiring hears, again and again, that there is something that will expire
  /// @param indexer makes the search index
  static Engine open(
      Storage storage,
      Path folder,
      Executor cores,
      int coreCount,
      SoniDbOptions options,
      Runnable onExpiring,
      Indexer indexer)
      throws IOException {
    SegmentLog log = SegmentLog.open(storage, folder, cores, coreCount);
    try {
      Engine engine = new Engine(storage, folder, log, options, onExpiring, indexer);
      log.start(engine, options.compaction());
      engine.payloads.setFields(CollectionSpec.of(log.manifest()).indexedFields());
      engine.search.start();
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

  Expiry expiry() {
    return expiry;
  }

  PayloadIndexes payloads() {
    return payloads;
  }

  SearchParts search() {
    return search;
  }

  /// Something was repaired; said once.
  void note(String text) {
    if (!notes.contains(text)) {
      notes.add(text);
    }
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
        long expires = liveness.getLong();
        Liveness ofSegment = Liveness.readFrom(liveness);
        if (!log.hasSegment(number)
            || records < 0
            || records > log.segment(number).table().count()
            || sequence != lastSequence(log.segment(number), records)) {
          return Optional.empty();
        }
        log.segment(number).restoreLiveness(ofSegment);
        expiry.restore(number, expires);
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
      if (id.isEmpty()) {
        kill(location, sequence);
        continue;
      }
      switch (table.kind(ordinal)) {
        case UPSERT -> supersede(directory.put(id.get(), location), sequence);
        case PAYLOAD -> changePayload(id.get(), location, sequence);
        case DELETE -> {
          // Dead first: what is live can be found at any moment.
          supersede(directory.find(id.get()), sequence);
          directory.remove(id.get());
        }
        case SKIP -> kill(location, sequence);
      }
    }
    expiry.published(segment, from, to);
    payloads.published(to - from);
    search.published(to - from);
  }

  @Override
  public void sealed() {
    payloads.catchUp();
    search.catchUp();
  }

  /// Marks what was newest of an id as dead; if that was a payload, the vector that it belongs to
  /// as well.
  private void supersede(long location, long sequence) {
    if (location == Directory.NONE) {
      return;
    }
    if (table(location).kind(Directory.ordinal(location)) == RecordKind.PAYLOAD) {
      kill(log.locate(vectorSequence(location)), sequence);
    }
    kill(location, sequence);
  }

  /// A payload counts as long as its vector does, which stays live.
  private void changePayload(VectorId id, long location, long sequence) {
    long old = directory.find(id);
    if (old == Directory.NONE || vectorSequence(old) != vectorSequence(location)) {
      kill(location, sequence); // its vector is lost, or gone
      return;
    }
    directory.put(id, location);
    if (table(old).kind(Directory.ordinal(old)) == RecordKind.PAYLOAD) {
      kill(old, sequence);
    }
  }

  private void kill(long location, long sequence) {
    if (location != Directory.NONE) {
      log.kill(location, sequence);
      search.died();
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
    return clock.millis();
  }

  private boolean hasId(long location, VectorId id) {
    Segment segment = log.segment(Directory.segment(location));
    try {
      return segment.table().hasId(Directory.ordinal(location), id);
    } catch (IllegalStateException released) {
      throw new SegmentRetiredException(segment.number());
    }
  }

  private RecordTable table(long location) {
    return log.segment(Directory.segment(location)).table();
  }

  /// Number of the upsert whose vector the record at a location has or belongs to.
  private long vectorSequence(long location) {
    RecordTable table = table(location);
    int ordinal = Directory.ordinal(location);
    return table.kind(ordinal) == RecordKind.PAYLOAD
        ? table.vectorSequence(ordinal)
        : table.sequence(ordinal);
  }

  // Looking up -------------------------------------------------------------------------------

  /// Looks again when compaction has moved what was found.
  private static <T> T settled(Supplier<T> lookUp) {
    for (int tries = 0; ; tries++) {
      try {
        return lookUp.get();
      } catch (SegmentRetiredException moved) {
        // The directory names the new place by now, or in a moment.
        if (tries == MOST_TRIES) {
          throw moved;
        }
        Thread.onSpinWait();
      }
    }
  }

  /// A read of a segment that compaction may release meanwhile.
  private static <T> T reading(Segment segment, Supplier<T> read) {
    try {
      return read.get();
    } catch (IllegalStateException e) {
      throw segment.isRetired() ? new SegmentRetiredException(segment.number()) : e;
    }
  }

  /// Location of the newest record of an id, expired or not, or [Directory#NONE].
  long find(VectorId id) {
    return settled(() -> directory.find(id));
  }

  /// Sequence number of the newest record of an id; 0 if it is not there.
  @Override
  public long sequenceOf(VectorId id) {
    return settled(() -> {
      long location = directory.find(id);
      if (location == Directory.NONE) {
        return 0L;
      }
      Segment segment = log.segment(Directory.segment(location));
      return reading(segment, () -> segment.table().sequence(Directory.ordinal(location)));
    });
  }

  /// What is newest of an id, expired or not.
  Newest newest(VectorId id) {
    return settled(() -> lookUp(id));
  }

  /// What is newest of an id and has not expired at a time.
  Newest newest(VectorId id, long nowMillis) {
    Newest found = newest(id);
    return hasExpired(found.expiresAtMillis(), nowMillis) ? Newest.ABSENT : found;
  }

  private Newest lookUp(VectorId id) {
    long location = directory.find(id);
    if (location == Directory.NONE) {
      return Newest.ABSENT;
    }
    return reading(
        log.segment(Directory.segment(location)),
        () -> {
          RecordTable table = table(location);
          int ordinal = Directory.ordinal(location);
          boolean isVector = table.kind(ordinal) == RecordKind.UPSERT;
          return new Newest(
              location,
              table.sequence(ordinal),
              vectorSequence(location),
              expiresAtMillis(isVector ? location : locateVector(id, location)));
        });
  }

  /// When the vector at a location expires; never, if there is none.
  private long expiresAtMillis(long vector) {
    if (vector == Directory.NONE) {
      return 0;
    }
    Segment segment = log.segment(Directory.segment(vector));
    int ordinal = Directory.ordinal(vector);
    return reading(segment, () -> segment.table().expiresAtMillis(ordinal));
  }

  /// Where the vector is that the record at a location has or belongs to; [Directory#NONE] if it is
  /// lost.
  ///
  /// @throws SegmentRetiredException if it was superseded meanwhile, and taken away
  private long locateVector(VectorId id, long location) {
    Segment segment = log.segment(Directory.segment(location));
    long vector = reading(segment, () -> log.locate(vectorSequence(location)));
    if (vector == Directory.NONE && directory.find(id) != location) {
      throw new SegmentRetiredException(segment.number());
    }
    return vector;
  }

  private long presentVector(VectorId id, long location) {
    long vector = locateVector(id, location);
    if (vector == Directory.NONE) {
      throw damaged(
          log.segment(Directory.segment(location)),
          Directory.ordinal(location),
          new IOException("the vector that this payload belongs to is lost"));
    }
    return vector;
  }

  /// Whether something that expires at a time, 0 for never, has expired.
  static boolean hasExpired(long expiresAtMillis, long nowMillis) {
    return expiresAtMillis > 0 && expiresAtMillis <= nowMillis;
  }

  /// The newest point of an id.
  Optional<Point> get(VectorId id) {
    return get(id, nowMillis());
  }

  private Optional<Point> get(VectorId id, long now) {
    return settled(() -> {
      long location = directory.find(id);
      return location == Directory.NONE ? Optional.empty() : unexpired(read(location, id), now);
    });
  }

  /// The point, if it has not expired at a time.
  static Optional<Point> unexpired(Point point, long now) {
    boolean expired =
        point.expiresAt().isPresent() && point.expiresAt().get().toEpochMilli() <= now;
    return expired ? Optional.empty() : Optional.of(point);
  }

  /// The newest points of many ids, in the order of `ids`; read in the order of the files.
  List<Optional<Point>> get(List<VectorId> ids) {
    long now = nowMillis();
    long[] locations = new long[ids.size()];
    Integer[] order = new Integer[ids.size()];
    for (int i = 0; i < locations.length; i++) {
      VectorId id = ids.get(i);
      locations[i] = settled(() -> directory.find(id));
      order[i] = i;
    }
    Arrays.sort(order, (a, b) -> Long.compare(locations[a], locations[b]));
    List<Optional<Point>> points =
        new ArrayList<>(Collections.nCopies(ids.size(), Optional.empty()));
    for (int i : order) {
      if (locations[i] != Directory.NONE) {
        points.set(i, read(locations[i], ids.get(i), now));
      }
    }
    return points;
  }

  private Optional<Point> read(long location, VectorId id, long now) {
    try {
      return unexpired(read(location, id), now);
    } catch (SegmentRetiredException moved) {
      return get(id, now);
    }
  }

  // Reading ----------------------------------------------------------------------------------

  /// Reads the point at a location that the directory gave for `id`: a vector, or a payload, whose
  /// vector is looked up.
  ///
  /// @throws SegmentRetiredException if it was moved, or superseded and taken away, meanwhile
  /// @throws DamagedRecordException if it is not as it was written
  Point read(long location, VectorId id) {
    Reader reader = take();
    try {
      RecordDecoder decoder = readAbout(location, id, reader);
      if (decoder.kind() == RecordKind.UPSERT) {
        return point(decoder);
      }
      Payload payload = Payload.stored(decoder.payload());
      long sequence = decoder.sequence();
      readAbout(presentVector(id, location), id, reader);
      return point(decoder, payload, sequence);
    } finally {
      give(reader);
    }
  }

  /// The newest payload of an id; none if it is not there any more.
  ///
  /// @throws DamagedRecordException if it is not as it was written
  Payload payload(VectorId id) {
    return settled(() -> {
      long location = directory.find(id);
      if (location == Directory.NONE) {
        return Payload.EMPTY;
      }
      Reader reader = take();
      try {
        return Payload.stored(readAbout(location, id, reader).payload());
      } finally {
        give(reader);
      }
    });
  }

  /// The payload of the record at a place, in a segment that is pinned.
  ///
  /// @throws DamagedRecordException if it is not as it was written
  Payload payloadAt(Segment segment, int ordinal) {
    Reader reader = take();
    try {
      VectorId id = segment.table().id(ordinal).orElseThrow();
      return Payload.stored(readAbout(segment, ordinal, id, reader).payload());
    } finally {
      give(reader);
    }
  }

  /// Reads the vector record at a place, in a segment that is pinned.
  Point read(Segment segment, int ordinal) {
    Reader reader = take();
    try {
      return point(readAbout(segment, ordinal, segment.table().id(ordinal).orElseThrow(), reader));
    } finally {
      give(reader);
    }
  }

  /// Reads the vector of a record in a segment that is pinned; components of float64 are rounded.
  ///
  /// @throws IOException if it is not as it was written
  void read(Segment segment, int ordinal, Reader reader, float[] into) throws IOException {
    load(segment, ordinal, reader);
    if (format.element() == ElementType.FLOAT32) {
      reader.decoder.copyVector(into);
      return;
    }
    double[] doubles = new double[into.length];
    reader.decoder.copyVector(doubles);
    for (int i = 0; i < into.length; i++) {
      into[i] = (float) doubles[i];
    }
  }

  /// A point with the payload of a payload record, in a segment that is pinned.
  Point withPayload(Point point, Segment segment, int ordinal) {
    Reader reader = take();
    try {
      RecordDecoder decoder = readAbout(segment, ordinal, point.id(), reader);
      return new Point(
          point.id(),
          point.vector(),
          Payload.stored(decoder.payload()),
          decoder.sequence(),
          point.insertedAt(),
          point.expiresAt());
    } finally {
      give(reader);
    }
  }

  private RecordDecoder readAbout(long location, VectorId id, Reader reader) {
    Segment segment = log.segment(Directory.segment(location));
    return reading(segment, () -> readAbout(segment, Directory.ordinal(location), id, reader));
  }

  private RecordDecoder readAbout(Segment segment, int ordinal, VectorId id, Reader reader) {
    try {
      load(segment, ordinal, reader);
      RecordDecoder decoder = reader.decoder;
      RecordKind kind = decoder.kind();
      if (kind != RecordKind.UPSERT && kind != RecordKind.PAYLOAD || !decoder.isAbout(id)) {
        throw new IOException("the index names another record here");
      }
      return decoder;
    } catch (IOException e) {
      throw damaged(segment, ordinal, e);
    }
  }

  /// A copy of the frames of the vector of an id, checked; none if it is not there.
  ///
  /// @throws DamagedRecordException if they are not as they were written
  Optional<byte[]> vectorFrames(VectorId id) {
    return settled(() -> {
      Newest newest = lookUp(id);
      if (!newest.isThere() || hasExpired(newest.expiresAtMillis(), nowMillis())) {
        return Optional.empty();
      }
      long location = presentVector(id, newest.location());
      Segment segment = log.segment(Directory.segment(location));
      return Optional.of(reading(segment, () -> frames(segment, Directory.ordinal(location))));
    });
  }

  Optional<VectorPlace> place(VectorId id) {
    return settled(() -> {
      Newest newest = lookUp(id);
      if (!newest.isThere() || hasExpired(newest.expiresAtMillis(), nowMillis())) {
        return Optional.empty();
      }
      long location = presentVector(id, newest.location());
      Segment segment = log.segment(Directory.segment(location));
      return Optional.of(reading(segment, () -> place(segment, Directory.ordinal(location))));
    });
  }

  private VectorPlace place(Segment segment, int ordinal) {
    RecordTable table = segment.table();
    return new VectorPlace(
        segment.file(),
        segment.isSealed(),
        table.offset(ordinal),
        table.length(ordinal),
        table.firstSample(ordinal),
        table.samples(ordinal),
        log.header().format().audio().sampleRateHz(),
        table.sequence(ordinal),
        table.hash(ordinal));
  }

  private byte[] frames(Segment segment, int ordinal) {
    Reader reader = take();
    try {
      int length = load(segment, ordinal, reader);
      return Arrays.copyOf(reader.bytes, length);
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
      reader.bytes(length);
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

  /// The point of the upsert that a decoder has just read.
  Point point(RecordDecoder decoder) {
    return point(decoder, Payload.stored(decoder.payload()), decoder.sequence());
  }

  private Point point(RecordDecoder decoder, Payload payload, long sequence) {
    return new Point(
        decoder.id(),
        vector(decoder),
        payload,
        sequence,
        time(decoder.insertedAtMillis()),
        time(decoder.expiresAtMillis()));
  }

  /// A moment as records tell it; none if it is negative.
  static Optional<Instant> time(long millis) {
    return millis < 0
        ? Optional.empty()
        : Optional.of(Instant.ofEpochMilli(Math.min(millis, Point.LAST_EXPIRY.toEpochMilli())));
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
    payloads.close();
    search.close();
    log.close();
    if (log.lastSequence() == sequenceAtOpen
            && log.manifest().generation() == generationAtOpen
            && notes.isEmpty()
            && storage.exists(folder.resolve(DIRECTORY_FILE))
        || log.hasFailed()
        // What is missing may come back: then all must be replayed.
        || !log.damageAtOpen().isEmpty()) {
      return;
    }
    int size = 4;
    List<Segment> segments = log.segments();
    for (Segment segment : segments) {
      size += 24 + segment.liveness().size();
    }
    ByteBuffer liveness = ByteBuffer.allocate(size).putInt(segments.size());
    for (Segment segment : segments) {
      int records = segment.table().count();
      liveness
          .putInt(segment.number())
          .putInt(records)
          .putLong(lastSequence(segment, records))
          .putLong(expiry.known(segment.number()));
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
