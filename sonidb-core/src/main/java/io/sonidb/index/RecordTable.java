package io.sonidb.index;

import static io.sonidb.index.SegmentIndexFormat.*;

import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/// The records of one segment in the order of the file: what and where each one is.
///
/// A growing table ([#growing]) belongs to the segment that is written to; its entries lie off the
/// heap in the very bytes of a `.idx` file, so sealing writes them out as they are. A mapped one
/// ([SegmentIndex#open]) belongs to a sealed segment. One thread appends, any number read without a
/// lock: an ordinal reaches a reader only through something that was published after its entry.
public final class RecordTable {
  private static final int FIRST_CAPACITY = 64;

  /// Entries and names, replaced together when they grow; readers take one snapshot.
  private record Columns(MemorySegment entries, MemorySegment names) {}

  private final Optional<MemorySegment> order;

  private volatile Columns columns;
  private volatile int count;
  private int namesSize;

  private RecordTable(Columns columns, int count, int namesSize, Optional<MemorySegment> order) {
    this.order = order;
    this.columns = columns;
    this.count = count;
    this.namesSize = namesSize;
  }

  /// An empty table that grows.
  public static RecordTable growing() {
    return new RecordTable(
        new Columns(allocate((long) FIRST_CAPACITY * ENTRY_SIZE), allocate(256)),
        0,
        0,
        Optional.empty());
  }

  static RecordTable mapped(
      MemorySegment entries, MemorySegment names, MemorySegment order, int count) {
    return new RecordTable(
        new Columns(entries, names), count, Math.toIntExact(names.byteSize()), Optional.of(order));
  }

  /// A growing copy of this table, for a segment that is written to again after a restart.
  public RecordTable copyToGrow() {
    RecordTable copy = growing();
    Columns from = columns;
    MemorySegment entries = allocate(Math.max(FIRST_CAPACITY, count * 2L) * ENTRY_SIZE);
    MemorySegment.copy(from.entries(), 0, entries, 0, (long) count * ENTRY_SIZE);
    MemorySegment names = allocate(Math.max(256, namesSize * 2L));
    MemorySegment.copy(from.names(), 0, names, 0, namesSize);
    copy.columns = new Columns(entries, names);
    copy.namesSize = namesSize;
    copy.count = count;
    return copy;
  }

  /// Appends the entry of one record and returns its ordinal.
  ///
  /// @param id the record's id; absent for a skip record
  /// @param offset byte offset in the segment file, below 2^32
  /// @param detail of an upsert, when it expires in milliseconds since 1970, 0 for never; of a
  ///   payload record, the sequence number of its vector's upsert; 0 for all others
  public int add(
      RecordKind kind,
      Optional<VectorId> id,
      long sequence,
      long hash,
      long offset,
      int length,
      long firstSample,
      int samples,
      long detail) {
    int ordinal = count;
    Columns now = columns;
    if ((ordinal + 1L) * ENTRY_SIZE > now.entries().byteSize()) {
      now = new Columns(grown(now.entries(), (long) ordinal * ENTRY_SIZE, ENTRY_SIZE), now.names());
    }
    byte[] name = id.orElse(null) instanceof VectorId.Name n ? utf8(n) : new byte[0];
    if (namesSize + (long) name.length > now.names().byteSize()) {
      now = new Columns(now.entries(), grown(now.names(), namesSize, name.length));
    }
    columns = now;
    MemorySegment entries = now.entries();
    long at = (long) ordinal * ENTRY_SIZE;
    entries.set(LONG, at + HASH, hash);
    entries.set(LONG, at + SEQUENCE, sequence);
    entries.set(LONG, at + FIRST_SAMPLE, firstSample);
    entries.set(INT, at + OFFSET, (int) offset);
    entries.set(INT, at + LENGTH, length);
    entries.set(BYTE, at + KIND, code(kind));
    entries.set(SHORT, at + NAME_LENGTH, (short) name.length);
    entries.set(INT, at + SAMPLES, samples);
    entries.set(LONG, at + DETAIL, detail);
    setId(now, at, id, name);
    namesSize += name.length;
    count = ordinal + 1;
    return ordinal;
  }

  /// Appends the entries of another table.
  public void addAll(RecordTable more) {
    for (int i = 0; i < more.count(); i++) {
      add(
          more.kind(i),
          more.id(i),
          more.sequence(i),
          more.hash(i),
          more.offset(i),
          more.length(i),
          more.firstSample(i),
          more.samples(i),
          more.detail(i));
    }
  }

  private void setId(Columns now, long at, Optional<VectorId> id, byte[] name) {
    MemorySegment entries = now.entries();
    if (id.isEmpty()) {
      entries.set(BYTE, at + ID_KIND, (byte) ID_NONE);
      return;
    }
    switch (id.get()) {
      case VectorId.Number number -> {
        entries.set(BYTE, at + ID_KIND, (byte) ID_NUMBER);
        entries.set(LONG, at + ID_HIGH, 0L);
        entries.set(LONG, at + ID_LOW, number.value());
      }
      case VectorId.Uuid uuid -> {
        entries.set(BYTE, at + ID_KIND, (byte) ID_UUID);
        entries.set(LONG, at + ID_HIGH, uuid.value().getMostSignificantBits());
        entries.set(LONG, at + ID_LOW, uuid.value().getLeastSignificantBits());
      }
      case VectorId.Name text -> {
        entries.set(BYTE, at + ID_KIND, (byte) ID_NAME);
        entries.set(LONG, at + ID_HIGH, namesSize);
        entries.set(LONG, at + ID_LOW, text.fingerprint());
        MemorySegment.copy(MemorySegment.ofArray(name), 0, now.names(), namesSize, name.length);
      }
    }
  }

  /// Forgets every entry from `newCount` on: recovery found that they never happened.
  public void truncate(int newCount) {
    count = newCount;
  }

  /// Number of records.
  public int count() {
    return count;
  }

  /// Byte offset of the record in the segment file.
  public long offset(int ordinal) {
    return Integer.toUnsignedLong(columns.entries().get(INT, at(ordinal) + OFFSET));
  }

  /// Bytes of the record, all its frames.
  public int length(int ordinal) {
    return columns.entries().get(INT, at(ordinal) + LENGTH);
  }

  /// Sequence number of the record.
  public long sequence(int ordinal) {
    return columns.entries().get(LONG, at(ordinal) + SEQUENCE);
  }

  /// The 64-bit hash that the record carries.
  public long hash(int ordinal) {
    return columns.entries().get(LONG, at(ordinal) + HASH);
  }

  /// Time position: first sample of the record.
  public long firstSample(int ordinal) {
    return columns.entries().get(LONG, at(ordinal) + FIRST_SAMPLE);
  }

  /// Samples of the record, all its frames.
  public int samples(int ordinal) {
    return columns.entries().get(INT, at(ordinal) + SAMPLES);
  }

  /// When the vector of an upsert expires, in milliseconds since 1970; 0 if it never does, and for
  /// all other records.
  public long expiresAtMillis(int ordinal) {
    return kind(ordinal) == RecordKind.UPSERT ? detail(ordinal) : 0;
  }

  /// Sequence number of the upsert whose vector a payload record belongs to; 0 for all others.
  public long vectorSequence(int ordinal) {
    return kind(ordinal) == RecordKind.PAYLOAD ? detail(ordinal) : 0;
  }

  private long detail(int ordinal) {
    return columns.entries().get(LONG, at(ordinal) + DETAIL);
  }

  /// What the record does.
  public RecordKind kind(int ordinal) {
    return switch (columns.entries().get(BYTE, at(ordinal) + KIND)) {
      case KIND_UPSERT -> RecordKind.UPSERT;
      case KIND_DELETE -> RecordKind.DELETE;
      case KIND_PAYLOAD -> RecordKind.PAYLOAD;
      default -> RecordKind.SKIP;
    };
  }

  private static byte code(RecordKind kind) {
    return switch (kind) {
      case UPSERT -> KIND_UPSERT;
      case DELETE -> KIND_DELETE;
      case PAYLOAD -> KIND_PAYLOAD;
      case SKIP -> KIND_SKIP;
    };
  }

  /// The record's id; absent for a skip record.
  public Optional<VectorId> id(int ordinal) {
    Columns now = columns;
    MemorySegment entries = now.entries();
    long at = at(ordinal);
    long high = entries.get(LONG, at + ID_HIGH);
    long low = entries.get(LONG, at + ID_LOW);
    return switch (entries.get(BYTE, at + ID_KIND)) {
      case ID_NUMBER -> Optional.of(VectorId.of(low));
      case ID_UUID -> Optional.of(VectorId.of(new UUID(high, low)));
      case ID_NAME -> {
        byte[] name = new byte[Short.toUnsignedInt(entries.get(SHORT, at + NAME_LENGTH))];
        MemorySegment.copy(now.names(), high, MemorySegment.ofArray(name), 0, name.length);
        yield Optional.of(new VectorId.Name(new String(name, StandardCharsets.UTF_8)));
      }
      default -> Optional.empty();
    };
  }

  /// The fingerprint of the record's id ([VectorId#fingerprint]); 0 for a skip record.
  public long fingerprint(int ordinal) {
    MemorySegment entries = columns.entries();
    long at = at(ordinal);
    long low = entries.get(LONG, at + ID_LOW);
    return switch (entries.get(BYTE, at + ID_KIND)) {
      case ID_NUMBER -> VectorId.of(low).fingerprint();
      case ID_UUID -> VectorId.of(new UUID(entries.get(LONG, at + ID_HIGH), low)).fingerprint();
      case ID_NAME -> low;
      default -> 0;
    };
  }

  /// Whether the record has this id; compares the bytes, so that it costs no allocation for numbers
  /// and UUIDs.
  public boolean hasId(int ordinal, VectorId id) {
    MemorySegment entries = columns.entries();
    long at = at(ordinal);
    int kind = entries.get(BYTE, at + ID_KIND);
    return switch (id) {
      case VectorId.Number number ->
          kind == ID_NUMBER && entries.get(LONG, at + ID_LOW) == number.value();
      case VectorId.Uuid uuid ->
          kind == ID_UUID
              && entries.get(LONG, at + ID_LOW) == uuid.value().getLeastSignificantBits()
              && entries.get(LONG, at + ID_HIGH) == uuid.value().getMostSignificantBits();
      case VectorId.Name name -> kind == ID_NAME && id(ordinal).equals(Optional.of(name));
    };
  }

  /// Compares the ids of two records in the order of [VectorId], records without id last; makes no
  /// ids.
  int compareIds(int a, int b) {
    Columns now = columns;
    MemorySegment entries = now.entries();
    long atA = at(a);
    long atB = at(b);
    int kind = entries.get(BYTE, atA + ID_KIND);
    int byKind = Integer.compare(kind, entries.get(BYTE, atB + ID_KIND));
    if (byKind != 0 || kind == ID_NONE) {
      return byKind;
    }
    if (kind == ID_NAME) {
      return compareNames(now, atA, atB);
    }
    int byHigh =
        Long.compareUnsigned(entries.get(LONG, atA + ID_HIGH), entries.get(LONG, atB + ID_HIGH));
    return byHigh != 0
        ? byHigh
        : Long.compareUnsigned(entries.get(LONG, atA + ID_LOW), entries.get(LONG, atB + ID_LOW));
  }

  private static int compareNames(Columns now, long atA, long atB) {
    MemorySegment names = now.names();
    long startA = now.entries().get(LONG, atA + ID_HIGH);
    long startB = now.entries().get(LONG, atB + ID_HIGH);
    int sizeA = Short.toUnsignedInt(now.entries().get(SHORT, atA + NAME_LENGTH));
    int sizeB = Short.toUnsignedInt(now.entries().get(SHORT, atB + NAME_LENGTH));
    long mismatch =
        MemorySegment.mismatch(names, startA, startA + sizeA, names, startB, startB + sizeB);
    if (mismatch < 0 || mismatch >= Math.min(sizeA, sizeB)) {
      return Integer.compare(sizeA, sizeB);
    }
    return Integer.compare(
        Byte.toUnsignedInt(names.get(BYTE, startA + mismatch)),
        Byte.toUnsignedInt(names.get(BYTE, startB + mismatch)));
  }

  /// Ordinal of the first record whose sequence number is `sequence` or above, or [#count].
  public int firstAtOrAfter(long sequence) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sequence(middle) < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// Ordinal of the record with a sequence number, or -1; fast where few numbers are missing.
  public int ordinalOf(long sequence) {
    int low = 0;
    int high = count - 1;
    if (high < 0 || sequence < sequence(0)) {
      return -1;
    }
    while (low <= high) {
      long lowest = sequence(low);
      // No number is there twice, so it cannot be farther away than this.
      high = (int) Math.min(high, low + (sequence - lowest));
      long highest = sequence(high);
      if (sequence >= highest) {
        return sequence == highest ? high : -1;
      }
      if (sequence <= lowest) {
        return sequence == lowest ? low : -1;
      }
      // Where it would be if they were spread evenly, and not at either end.
      int likely = (int) (low + (sequence - lowest) * (double) (high - low) / (highest - lowest));
      int middle = Math.clamp(likely, low + (high - low) / 16, high - (high - low) / 16 - 1);
      if (sequence(middle) < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return -1;
  }

  /// Whether the ids are sorted already, so that [#byId] costs nothing: in every table but that of
  /// a segment that is written to.
  public boolean isSorted() {
    return order.isPresent();
  }

  /// Ordinal of the newest record of an id that counts, or -1.
  ///
  /// @param order as [#byId] gives it for the first `records`
  /// @param counts by ordinal
  public int newestOf(VectorId id, IntUnaryOperator order, int records, IntPredicate counts) {
    int low = 0;
    int high = records;
    while (low < high) { // the first rank behind the id's
      int middle = (low + high) >>> 1;
      Optional<VectorId> there = id(order.applyAsInt(middle));
      if (there.isPresent() && there.get().compareTo(id) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    for (int rank = low - 1; rank >= 0; rank--) {
      int ordinal = order.applyAsInt(rank);
      if (!hasId(ordinal, id)) {
        return -1;
      }
      if (counts.test(ordinal)) {
        return ordinal;
      }
    }
    return -1;
  }

  /// The first `records` ordinals in ascending order of id and, for one id, of sequence number:
  /// rank to ordinal.
  public IntUnaryOperator byId(int records) {
    if (order.isPresent() && records == count) {
      MemorySegment sorted = order.get();
      return rank -> sorted.get(INT, rank * 4L);
    }
    int[] sorted = SegmentIndex.sorted(this, records);
    return rank -> sorted[rank];
  }

  MemorySegment entryBytes() {
    int records = count; // read before the columns, which then hold at least as many
    return columns.entries().asSlice(0, (long) records * ENTRY_SIZE);
  }

  MemorySegment nameBytes() {
    return columns.names().asSlice(0, namesSize);
  }

  private static long at(int ordinal) {
    return (long) ordinal * ENTRY_SIZE;
  }

  private static byte[] utf8(VectorId.Name name) {
    return name.value().getBytes(StandardCharsets.UTF_8);
  }

  private static MemorySegment grown(MemorySegment from, long used, long needed) {
    MemorySegment to = allocate(Math.max(from.byteSize() * 2, used + needed));
    MemorySegment.copy(from, 0, to, 0, used);
    return to;
  }

  // Freed by the garbage collector, since readers may still hold the columns that were replaced.
  private static MemorySegment allocate(long size) {
    return Arena.ofAuto().allocate(size, 8);
  }
}
