package io.sonidb.store;

import io.sonidb.flac.Frames;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/// Records that a caller's thread has encoded and that wait to be appended.
///
/// Their frames are numbered from sample 0; the appender gives them their place.
final class EncodedBatch {
  private static final byte[] NO_BYTES = {};

  private byte[] bytes;
  private int size;
  private int[] frameLengths;
  private int[] frameSamples;
  private int frames;
  private int records;
  private final int[] framesOfRecord;
  private final int[] recordLengths;
  private final int[] recordSamples;
  private final long[] hashes;
  private final SoundRecord[] sources;

  /// @param capacity records that it will hold
  /// @param bytes how much they are expected to take; it grows when they take more
  EncodedBatch(int capacity, long bytes) {
    this.bytes = SpareArrays.SHARED.take((int) Math.min(bytes, 1 << 26));
    frameLengths = new int[capacity];
    frameSamples = new int[capacity];
    framesOfRecord = new int[capacity];
    recordLengths = new int[capacity];
    recordSamples = new int[capacity];
    hashes = new long[capacity];
    sources = new SoundRecord[capacity];
  }

  /// Encodes one more record.
  void add(RecordEncoder encoder, SoundRecord record) {
    int bound = encoder.maxSize(record);
    if (bytes.length - size < bound) {
      bytes =
          Arrays.copyOf(
              bytes,
              Math.max(Math.addExact(size, bound), (int) Math.min(bytes.length * 2L, 1 << 30)));
    }
    size += encoder.encode(record, bytes, size);
    int parts = encoder.parts();
    if (frames + parts > frameLengths.length) {
      int more = Math.max(frames + parts, frames * 2);
      frameLengths = Arrays.copyOf(frameLengths, more);
      frameSamples = Arrays.copyOf(frameSamples, more);
    }
    int samples = 0;
    for (int part = 0; part < parts; part++) {
      frameLengths[frames] = encoder.partLength(part);
      frameSamples[frames++] = encoder.partSamples(part);
      samples += encoder.partSamples(part);
    }
    framesOfRecord[records] = parts;
    recordSamples[records] = samples;
    hashes[records] = encoder.hash();
    sources[records++] = record;
  }

  /// Upper bound in bytes of the frames once they have their place.
  long placedSizeBound() {
    return size + (long) frames * Frames.MAX_RENUMBER_GROWTH;
  }

  int records() {
    return records;
  }

  int recordLength(int record) {
    return recordLengths[record];
  }

  int recordSamples(int record) {
    return recordSamples[record];
  }

  long hash(int record) {
    return hashes[record];
  }

  RecordKind kind(int record) {
    return sources[record].kind();
  }

  /// Its sequence number; of a skip the last one that it stands for, as in the table.
  long sequence(int record) {
    SoundRecord source = sources[record];
    return source.kind() == RecordKind.SKIP
        ? source.sequence() + source.skipCount() - 1
        : source.sequence();
  }

  /// What the record's entry in a [io.sonidb.index.RecordTable] says of it beside all that.
  long detail(int record) {
    SoundRecord source = sources[record];
    return switch (source.kind()) {
      case UPSERT -> source.expiresAtMillis().orElse(0);
      case PAYLOAD -> source.vectorSequence().orElse(0);
      case DELETE, SKIP -> 0;
    };
  }

  Optional<VectorId> id(int record) {
    return sources[record].kind() == RecordKind.SKIP
        ? Optional.empty()
        : Optional.of(sources[record].id());
  }

  void addIdsTo(Set<VectorId> ids) {
    for (int record = 0; record < records; record++) {
      id(record).ifPresent(ids::add);
    }
  }

  /// Writes the frames, numbered from `firstSample` on, and returns how many bytes they take there.
  /// Once: they are here no more.
  int place(long firstSample, byte[] into, int offset) {
    int at = offset;
    int from = 0;
    long sample = firstSample;
    int frame = 0;
    for (int record = 0; record < records; record++) {
      int start = at;
      for (int i = 0; i < framesOfRecord[record]; i++) {
        at += Frames.renumber(bytes, from, frameLengths[frame], sample, into, at);
        from += frameLengths[frame];
        sample += frameSamples[frame++];
      }
      recordLengths[record] = at - start;
    }
    SpareArrays.SHARED.give(bytes);
    bytes = NO_BYTES;
    return at - offset;
  }
}
