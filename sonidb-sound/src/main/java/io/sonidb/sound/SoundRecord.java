package io.sonidb.sound;

import java.util.Arrays;
import java.util.OptionalLong;

/// What one insert, delete, payload change or gap in the numbering writes. Immutable, as far as the
/// arrays given to it are left alone.
public final class SoundRecord {
  /// The largest payload, in bytes.
  public static final int MAX_PAYLOAD_BYTES = 1 << 20;

  private static final byte[] NO_BYTES = {};
  private static final long ABSENT = -1;
  private static final VectorId NO_ID = VectorId.of(0);
  private static final Vector NO_VECTOR = Vector.of(0f);

  private final RecordKind kind;
  private final long sequence;
  private final VectorId id;
  private final Vector vector;
  private final byte[] payload;
  private final int skipCount;
  private final Options options;

  /// What a record need not say. A negative number means absent.
  private record Options(
      boolean batchContinues,
      long insertedAtMillis,
      long expiresAtMillis,
      long acknowledgedSequence,
      UnknownFields unknown) {
    static final Options NONE =
        new Options(false, ABSENT, ABSENT, ABSENT, new UnknownFields(NO_BYTES));
  }

  /// Optional fields of a newer version, as they lie in the header.
  private static final class UnknownFields {
    final byte[] bytes;

    UnknownFields(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof UnknownFields that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  private SoundRecord(
      RecordKind kind,
      long sequence,
      VectorId id,
      Vector vector,
      byte[] payload,
      int skipCount,
      Options options) {
    if (sequence < 0) {
      throw new IllegalArgumentException("sequence number must be 0 or more, was " + sequence);
    }
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "payload must be at most " + MAX_PAYLOAD_BYTES + " bytes, was " + payload.length);
    }
    this.kind = kind;
    this.sequence = sequence;
    this.id = id;
    this.vector = vector;
    this.payload = payload;
    this.skipCount = skipCount;
    this.options = options;
    int optionalBytes = RecordHead.optionalSize(this);
    if (optionalBytes > RecordFormat.MAX_OPTIONAL_BYTES) {
      throw new IllegalArgumentException(
          "optional fields must have at most "
              + RecordFormat.MAX_OPTIONAL_BYTES
              + " bytes, had "
              + optionalBytes);
    }
  }

  /// Puts `vector` under `id`, without a payload.
  ///
  /// @param sequence the record's place in the collection's order, 0 or more
  public static SoundRecord upsert(long sequence, VectorId id, Vector vector) {
    return upsert(sequence, id, vector, NO_BYTES);
  }

  /// Puts `vector` and `payload` under `id`.
  ///
  /// @param sequence the record's place in the collection's order, 0 or more
  /// @param payload CBOR, at most [#MAX_PAYLOAD_BYTES]; empty means none; not copied
  public static SoundRecord upsert(long sequence, VectorId id, Vector vector, byte[] payload) {
    return new SoundRecord(RecordKind.UPSERT, sequence, id, vector, payload, 0, Options.NONE);
  }

  /// Removes `id`.
  ///
  /// @param sequence the record's place in the collection's order, 0 or more
  public static SoundRecord delete(long sequence, VectorId id) {
    return new SoundRecord(RecordKind.DELETE, sequence, id, NO_VECTOR, NO_BYTES, 0, Options.NONE);
  }

  /// Replaces the payload of `id`.
  ///
  /// @param sequence the record's place in the collection's order, 0 or more
  /// @param payload CBOR, at most [#MAX_PAYLOAD_BYTES]; empty removes the payload; not copied
  public static SoundRecord changePayload(long sequence, VectorId id, byte[] payload) {
    return new SoundRecord(RecordKind.PAYLOAD, sequence, id, NO_VECTOR, payload, 0, Options.NONE);
  }

  /// Uses up sequence numbers from `firstSequence` on.
  ///
  /// @param count how many, 1 or more
  public static SoundRecord skip(long firstSequence, int count) {
    if (count < 1) {
      throw new IllegalArgumentException("skip count must be 1 or more, was " + count);
    }
    return new SoundRecord(
        RecordKind.SKIP, firstSequence, NO_ID, NO_VECTOR, NO_BYTES, count, Options.NONE);
  }

  /// This record with the time of its insertion, in milliseconds since 1970, 0 or more.
  public SoundRecord withInsertedAtMillis(long millis) {
    checkMillis("inserted at", millis);
    return with(
        new Options(
            options.batchContinues,
            millis,
            options.expiresAtMillis,
            options.acknowledgedSequence,
            options.unknown));
  }

  /// This record with the time from which it no longer counts, in milliseconds since 1970, 0 or
  /// more.
  public SoundRecord withExpiresAtMillis(long millis) {
    checkMillis("expires at", millis);
    return with(
        new Options(
            options.batchContinues,
            options.insertedAtMillis,
            millis,
            options.acknowledgedSequence,
            options.unknown));
  }

  /// This record with or without the mark that the next sequence number belongs to the same batch,
  /// of which all or nothing counts.
  public SoundRecord withBatchContinues(boolean continues) {
    return with(
        new Options(
            continues,
            options.insertedAtMillis,
            options.expiresAtMillis,
            options.acknowledgedSequence,
            options.unknown));
  }

  /// This record with the knowledge that every sequence number up to `acknowledged` was durable
  /// when it was written.
  ///
  /// @param acknowledged 0 to this record's own sequence number
  public SoundRecord withAcknowledgedSequence(long acknowledged) {
    if (acknowledged < 0 || acknowledged > sequence) {
      throw new IllegalArgumentException(
          "acknowledged sequence number must be 0 to " + sequence + ", was " + acknowledged);
    }
    return with(
        new Options(
            options.batchContinues,
            options.insertedAtMillis,
            options.expiresAtMillis,
            acknowledged,
            options.unknown));
  }

  /// This record with optional fields of a newer version, already checked.
  SoundRecord withUnknownFields(byte[] fields) {
    return with(
        new Options(
            options.batchContinues,
            options.insertedAtMillis,
            options.expiresAtMillis,
            options.acknowledgedSequence,
            new UnknownFields(fields)));
  }

  private SoundRecord with(Options changed) {
    return new SoundRecord(kind, sequence, id, vector, payload, skipCount, changed);
  }

  private static void checkMillis(String what, long millis) {
    if (millis < 0) {
      throw new IllegalArgumentException(
          what + " must be 0 or more milliseconds since 1970, was " + millis);
    }
  }

  /// What this record does.
  public RecordKind kind() {
    return kind;
  }

  /// Its place in the collection's order; of a skip record the first number that it uses up.
  public long sequence() {
    return sequence;
  }

  /// The id that it is about.
  ///
  /// @throws IllegalStateException when this is a skip record
  public VectorId id() {
    if (kind == RecordKind.SKIP) {
      throw new IllegalStateException("a skip record has no id");
    }
    return id;
  }

  /// The vector that it puts.
  ///
  /// @throws IllegalStateException when this is not an upsert record
  public Vector vector() {
    if (kind != RecordKind.UPSERT) {
      throw new IllegalStateException("only an upsert record has a vector; this is " + kind);
    }
    return vector;
  }

  /// The payload as CBOR, shared, not to be changed; of length 0 when there is none.
  public byte[] payload() {
    return payload;
  }

  /// How many sequence numbers it uses up: 0 unless it is a skip record.
  public int skipCount() {
    return skipCount;
  }

  /// When it was inserted, in milliseconds since 1970.
  public OptionalLong insertedAtMillis() {
    return optional(options.insertedAtMillis);
  }

  /// From when on it no longer counts, in milliseconds since 1970.
  public OptionalLong expiresAtMillis() {
    return optional(options.expiresAtMillis);
  }

  /// Whether the next sequence number belongs to the same batch, of which all or nothing counts.
  public boolean batchContinues() {
    return options.batchContinues;
  }

  /// The last sequence number that was durable, with all before it, when this was written.
  public OptionalLong acknowledgedSequence() {
    return optional(options.acknowledgedSequence);
  }

  /// The 64-bit hash over everything above that is stored in the record. Worked out on each call.
  public long hash() {
    byte[] head = new byte[RecordFormat.MAX_HEAD_BYTES];
    return RecordHead.hash(this, head, RecordHead.write(this, head));
  }

  long insertedAtOrAbsent() {
    return options.insertedAtMillis;
  }

  long expiresAtOrAbsent() {
    return options.expiresAtMillis;
  }

  long acknowledgedOrAbsent() {
    return options.acknowledgedSequence;
  }

  byte[] unknownFields() {
    return options.unknown.bytes;
  }

  private static OptionalLong optional(long value) {
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }

  /// Whether `other` says the same, to the bit.
  @Override
  public boolean equals(Object other) {
    return other instanceof SoundRecord that
        && kind == that.kind
        && sequence == that.sequence
        && id.equals(that.id)
        && vector.equals(that.vector)
        && skipCount == that.skipCount
        && options.equals(that.options)
        && Arrays.equals(payload, that.payload);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash());
  }

  @Override
  public String toString() {
    return switch (kind) {
          case UPSERT -> "upsert " + id + " " + vector + ", payload " + payload.length + " bytes";
          case DELETE -> "delete " + id;
          case PAYLOAD -> "payload of " + id + ", " + payload.length + " bytes";
          case SKIP -> "skip " + skipCount;
        }
        + " (sequence number "
        + sequence
        + ")";
  }
}
