package io.sonidb.sound;

import io.sonidb.flac.MalformedFlacException;
import java.util.Objects;
import java.util.OptionalLong;

/// Reads records from FLAC frames, checking everything: CRCs, control words, lengths, hash. Not
/// thread-safe: one for each thread. Allocates nothing for a record but what is asked for.
public final class RecordDecoder {
  private final SoundFormat format;

  /// A decoder for records of one format.
  public RecordDecoder(SoundFormat format) {
    this.format = Objects.requireNonNull(format);
  }

  /// The format of all records.
  public SoundFormat format() {
    return format;
  }

  /// Reads the whole record whose first frame is at `offset`.
  ///
  /// @param limit the end of what may be read
  /// @return how many bytes its frames have
  /// @throws MalformedFlacException when there is no whole, undamaged frame where one must be
  /// @throws MalformedRecordException when the frames are sound and do not hold a record
  /// @throws UnsupportedRecordException when the record is of a kind that is not known here
  public int read(byte[] in, int offset, int limit)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    return read(in, offset, limit, PartSink.NONE);
  }

  /// As [#read(byte\[\], int, int)], and lets `sink` hear every frame.
  public int read(byte[] in, int offset, int limit, PartSink sink)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    throw new MalformedRecordException(format.toString(), offset);
  }

  /// What the last record does.
  public RecordKind kind() {
    return RecordKind.SKIP;
  }

  /// The sequence number of the last record.
  public long sequence() {
    return 0;
  }

  /// The hash of the last record, found right.
  public long hash() {
    return 0;
  }

  /// The number of the last record's first frame: its time position in samples.
  public long firstSample() {
    return 0;
  }

  /// How many samples all frames of the last record have.
  public long samples() {
    return 0;
  }

  /// How many frames the last record has.
  public int parts() {
    return 0;
  }

  /// The size in bytes of one frame of the last record.
  public int partLength(int part) {
    return part;
  }

  /// The samples in one frame of the last record.
  public int partSamples(int part) {
    return part;
  }

  /// The id of the last record.
  ///
  /// @throws IllegalStateException when it is a skip record
  public VectorId id() {
    return VectorId.of(0);
  }

  /// Whether the last record is about `id`; cheaper than comparing [#id].
  public boolean isAbout(VectorId id) {
    return id().equals(id);
  }

  /// The fingerprint of the last record's id, without making the id.
  public long idFingerprint() {
    return 0;
  }

  /// How many components the last record's vector has: 0 unless it is an upsert record.
  public int dimension() {
    return 0;
  }

  /// Copies the last record's float32 vector to the start of `into`.
  public void copyVector(float[] into) {
    into[0] = 0;
  }

  /// Copies the last record's float64 vector to the start of `into`.
  public void copyVector(double[] into) {
    into[0] = 0;
  }

  /// The size of the last record's payload in bytes: 0 when it has none.
  public int payloadSize() {
    return 0;
  }

  /// A copy of the last record's payload.
  public byte[] payload() {
    return new byte[0];
  }

  /// How many sequence numbers the last record uses up: 0 unless it is a skip record.
  public int skipCount() {
    return 0;
  }

  /// Whether the sequence number after the last record's belongs to the same batch.
  public boolean batchContinues() {
    return false;
  }

  /// The last sequence number that was durable when the last record was written.
  public OptionalLong acknowledgedSequence() {
    return OptionalLong.empty();
  }

  /// When the last record was inserted, in milliseconds since 1970.
  public OptionalLong insertedAtMillis() {
    return OptionalLong.empty();
  }

  /// From when on the last record no longer counts, in milliseconds since 1970.
  public OptionalLong expiresAtMillis() {
    return OptionalLong.empty();
  }

  /// The last record with everything in it.
  public SoundRecord record() {
    return SoundRecord.skip(0, 1);
  }
}
