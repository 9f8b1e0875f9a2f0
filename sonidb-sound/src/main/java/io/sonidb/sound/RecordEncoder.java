package io.sonidb.sound;

import java.util.Objects;

/// Turns records into FLAC frames. Not thread-safe: one for each thread.
public final class RecordEncoder {
  private final SoundFormat format;

  /// An encoder for records of one format.
  public RecordEncoder(SoundFormat format) {
    this.format = Objects.requireNonNull(format);
  }

  /// An upper bound, in bytes, on the frames that [#encode] writes for this record.
  public int maxSize(SoundRecord record) {
    throw new UnsupportedOperationException(format + " " + record);
  }

  /// Writes the record as a run of FLAC frames that are numbered from sample 0.
  ///
  /// @param out has room for [#maxSize] bytes from `offset` on
  /// @return how many bytes were written
  /// @throws IllegalArgumentException when the vector's element type is not the format's
  public int encode(SoundRecord record, byte[] out, int offset) {
    throw new UnsupportedOperationException(format + " " + record + out.length + offset);
  }

  /// The format of all records.
  public SoundFormat format() {
    return format;
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

  /// The hash of the last record.
  public long hash() {
    return 0;
  }
}
