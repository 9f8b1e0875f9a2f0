package io.sonidb.sound;

import java.time.Instant;
import java.util.Arrays;
import java.util.OptionalLong;

/// What one insert, delete, payload change or gap in the numbering writes. Immutable, as far as the
/// arrays given to it are left alone.
public final class SoundRecord {
  /// The largest payload, in bytes.
  public static final int MAX_PAYLOAD_BYTES = 1 << 20;

  /// The earliest time that a record can hold, 2020-01-01T00:00:00Z, in milliseconds since 1970. So
  /// five bytes hold all times until 2054.
  public static final long FIRST_MILLIS = 1_577_836_800_000L;

  private static final byte[] NO_BYTES = {};
  private static final VectorId NO_ID = VectorId.of(0);
  private static final Vector NO_VECTOR = Vector.of(0f);

  private final RecordKind kind;
  private final long sequence;
  private final VectorId id;
  private final Vector vector;
  private final byte[] payload;
  private final int skipCount;
  private final boolean batchContinues;
  private final OptionalFields fields;

  private SoundRecord(
      RecordKind kind,
      long sequence,
      VectorId id,
      Vector vector,
      byte[] payload,
      int skipCount,
      boolean batchContinues,
      OptionalFields fields) {
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
    this.batchContinues = batchContinues;
    this.fields = fields;
  }

  private static SoundRecord plain(
      RecordKind kind, long sequence, VectorId id, Vector vector, byte[] payload, int skipCount) {
    return new SoundRecord(
        kind, sequence, id, vector, payload, skipCount, false, OptionalFields.NONE);
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
    return plain(RecordKind.UPSERT, sequence, id, vector, payload, 0);
  }

  /// Removes `id`.
  ///
  /// @param sequence the record's place in the collection's order, 0 or more
  public static SoundRecord delete(long sequence, VectorId id) {
    return plain(RecordKind.DELETE, sequence, id, NO_VECTOR, NO_BYTES, 0);
  }

  /// Replaces the payload of `id`.
  ///
  /// @param sequence the record's place in the collection's order, 0 or more
  /// @param payload CBOR, at most [#MAX_PAYLOAD_BYTES]; empty removes the payload; not copied
  public static SoundRecord changePayload(long sequence, VectorId id, byte[] payload) {
    return plain(RecordKind.PAYLOAD, sequence, id, NO_VECTOR, payload, 0);
  }

  /// Uses up sequence numbers from `firstSequence` on.
  ///
  /// @param count how many, 1 or more
  public static SoundRecord skip(long firstSequence, int count) {
    if (count < 1) {
      throw new IllegalArgumentException("skip count must be 1 or more, was " + count);
    }
    return plain(RecordKind.SKIP, firstSequence, NO_ID, NO_VECTOR, NO_BYTES, count);
  }

  /// This record with the time of its insertion, in milliseconds since 1970.
  ///
  /// @param millis [#FIRST_MILLIS] or more, at most 2^56 - 1 beyond it
  public SoundRecord withInsertedAtMillis(long millis) {
    return withField(RecordFormat.INSERTED_AT, sinceFirst("inserted at", millis));
  }

  /// This record with the time from which it no longer counts, in milliseconds since 1970.
  ///
  /// @param millis [#FIRST_MILLIS] or more, at most 2^56 - 1 beyond it
  public SoundRecord withExpiresAtMillis(long millis) {
    return withField(RecordFormat.EXPIRES_AT, sinceFirst("expires at", millis));
  }

  /// This record with or without the mark that the next sequence number belongs to the same batch,
  /// of which all or nothing counts.
  public SoundRecord withBatchContinues(boolean continues) {
    return with(continues, fields);
  }

  /// This record with the knowledge that every sequence number up to `acknowledged` was durable
  /// when it was written.
  ///
  /// @param acknowledged 0 to this record's own sequence number, at most 2^56 - 1 before it
  public SoundRecord withAcknowledgedSequence(long acknowledged) {
    long lag = lag("acknowledged sequence number", acknowledged, sequence);
    return withField(RecordFormat.ACKNOWLEDGED_LAG, lag);
  }

  /// This record without that knowledge, for a log of which it is not known.
  public SoundRecord withoutAcknowledgedSequence() {
    return with(batchContinues, fields.without(RecordFormat.ACKNOWLEDGED_LAG));
  }

  /// This payload record with the sequence number of the upsert record whose vector the payload
  /// belongs to.
  ///
  /// @param vector 0 to this record's own sequence number less 1, at most 2^56 - 1 before it
  /// @throws IllegalStateException when this is not a payload record
  public SoundRecord withVectorSequence(long vector) {
    requireKind(RecordKind.PAYLOAD, "belongs to another record's vector");
    long lag = lag("vector's sequence number", vector, sequence - 1);
    return withField(RecordFormat.VECTOR_LAG, lag);
  }

  /// This delete record with the mark that the vector was deleted because its time was up.
  ///
  /// @throws IllegalStateException when this is not a delete record
  public SoundRecord withExpired() {
    requireKind(RecordKind.DELETE, "tells that a vector's time was up");
    return withField(RecordFormat.EXPIRED, 0);
  }

  /// This record with all the optional fields of a header, already checked.
  SoundRecord withOptionalFields(OptionalFields checked) {
    return with(batchContinues, checked);
  }

  private SoundRecord withField(int tag, long value) {
    return with(batchContinues, fields.with(tag, value));
  }

  private SoundRecord with(boolean continues, OptionalFields changed) {
    return new SoundRecord(kind, sequence, id, vector, payload, skipCount, continues, changed);
  }

  private static long sinceFirst(String what, long millis) {
    if (millis < FIRST_MILLIS || millis - FIRST_MILLIS > RecordFormat.MAX_FIELD_VALUE) {
      throw new IllegalArgumentException(
          what
              + " must be "
              + FIRST_MILLIS
              + " (2020-01-01T00:00:00Z) to "
              + (FIRST_MILLIS + RecordFormat.MAX_FIELD_VALUE)
              + " milliseconds since 1970, was "
              + millis);
    }
    return millis - FIRST_MILLIS;
  }

  private long lag(String what, long earlier, long last) {
    long first = Math.max(0, sequence - RecordFormat.MAX_FIELD_VALUE);
    if (earlier < first || earlier > last) {
      throw new IllegalArgumentException(
          what
              + " must be "
              + (first <= last ? first + " to " + last : "less than the record's, 0")
              + ", was "
              + earlier);
    }
    return sequence - earlier;
  }

  private void requireKind(RecordKind wanted, String does) {
    if (kind != wanted) {
      throw new IllegalStateException("only a " + wanted + " record " + does + "; this is " + kind);
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
    return millis(RecordFormat.INSERTED_AT);
  }

  /// From when on it no longer counts, in milliseconds since 1970.
  public OptionalLong expiresAtMillis() {
    return millis(RecordFormat.EXPIRES_AT);
  }

  /// Whether the next sequence number belongs to the same batch, of which all or nothing counts.
  public boolean batchContinues() {
    return batchContinues;
  }

  /// The last sequence number that was durable, with all before it, when this was written.
  public OptionalLong acknowledgedSequence() {
    return before(RecordFormat.ACKNOWLEDGED_LAG);
  }

  /// The sequence number of the upsert record whose vector the payload belongs to; only a payload
  /// record has it.
  public OptionalLong vectorSequence() {
    return before(RecordFormat.VECTOR_LAG);
  }

  /// Whether the vector was deleted because its time was up; only of a delete record.
  public boolean isExpired() {
    return fields.value(RecordFormat.EXPIRED) >= 0;
  }

  /// The 64-bit hash over everything above that is stored in the record. Worked out on each call.
  public long hash() {
    byte[] head = new byte[RecordFormat.MAX_HEAD_BYTES];
    return RecordHead.hash(this, head, RecordHead.write(this, head));
  }

  OptionalFields optionalFields() {
    return fields;
  }

  private OptionalLong millis(int tag) {
    long value = fields.value(tag);
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(FIRST_MILLIS + value);
  }

  private OptionalLong before(int tag) {
    long lag = fields.value(tag);
    return lag < 0 ? OptionalLong.empty() : OptionalLong.of(sequence - lag);
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
        && batchContinues == that.batchContinues
        && fields.equals(that.fields)
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
        + options()
        + ")";
  }

  private String options() {
    StringBuilder text = new StringBuilder(batchContinues ? ", batch continues" : "");
    insertedAtMillis()
        .ifPresent(millis -> text.append(", inserted at ").append(Instant.ofEpochMilli(millis)));
    expiresAtMillis()
        .ifPresent(millis -> text.append(", expires at ").append(Instant.ofEpochMilli(millis)));
    acknowledgedSequence().ifPresent(last -> text.append(", acknowledged to ").append(last));
    vectorSequence().ifPresent(number -> text.append(", vector of ").append(number));
    text.append(isExpired() ? ", expired" : "");
    if (fields.unknownSize() > 0) {
      text.append(", ").append(fields.unknownSize()).append(" bytes of unknown fields");
    }
    return text.toString();
  }
}
