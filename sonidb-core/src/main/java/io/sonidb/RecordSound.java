package io.sonidb;

import io.sonidb.flac.Frames;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;

/// A record as the FLAC frames that it is stored as, for whoever puts them into something else.
///
/// The frames' checksums are right, unless it [#isDamaged]. A frame on its own is not decoded; a
/// receiver checks the record's hash.
public final class RecordSound {
  private static final int[] NONE = {};

  private final RecordKind kind;
  private final Optional<VectorId> id;
  private final long sequence;
  private final long hash;
  private final int samples;
  private final byte[] bytes;
  private final int[] lengths;
  private final int[] blocks;

  private RecordSound(
      RecordTable table, int ordinal, int samples, byte[] bytes, int[] lengths, int[] blocks) {
    this.kind = table.kind(ordinal);
    this.id = table.id(ordinal);
    this.sequence = table.sequence(ordinal);
    this.hash = table.hash(ordinal);
    this.samples = samples;
    this.bytes = bytes;
    this.lengths = lengths;
    this.blocks = blocks;
  }

  /// Finds the frames of a record.
  ///
  /// @param bytes its own from now on; the record's frames are the first `length`
  static RecordSound of(Engine engine, Segment segment, int ordinal, byte[] bytes, int length) {
    RecordTable table = segment.table();
    int samples = Math.max(0, table.samples(ordinal));
    if (Frames.isWhole(bytes, 0, length, samples)) {
      return new RecordSound(
          table, ordinal, samples, bytes, new int[] {length}, new int[] {samples});
    }
    // Where one frame ends and the next one begins only decoding tells.
    Engine.Reader reader = engine.take();
    try {
      RecordDecoder decoder = reader.decoder();
      decoder.read(bytes, 0, length);
      engine.check(decoder, segment, ordinal);
      int[] lengths = new int[decoder.parts()];
      int[] blocks = new int[lengths.length];
      for (int part = 0; part < lengths.length; part++) {
        lengths[part] = decoder.partLength(part);
        blocks[part] = decoder.partSamples(part);
      }
      if (decoder.samples() == samples) {
        return new RecordSound(table, ordinal, samples, bytes, lengths, blocks);
      }
    } catch (IOException e) {
      // It is damaged.
    } finally {
      engine.give(reader);
    }
    return new RecordSound(table, ordinal, samples, bytes, NONE, NONE);
  }

  /// What kind of record it is.
  public RecordKind kind() {
    return kind;
  }

  /// The id; a skip record has none.
  public Optional<VectorId> id() {
    return id;
  }

  /// The sequence number; of a skip record the first one that is skipped.
  public long sequence() {
    return sequence;
  }

  /// The record's hash.
  public long hash() {
    return hash;
  }

  /// How many samples it has, or had before it was damaged.
  public int samples() {
    return samples;
  }

  /// Whether it cannot be sent on: then it has no frames.
  public boolean isDamaged() {
    return lengths.length == 0;
  }

  /// How many frames it has.
  public int frames() {
    return lengths.length;
  }

  /// All frames, one behind the other; shared, not to be changed.
  public byte[] bytes() {
    return bytes;
  }

  /// How many bytes a frame has.
  public int length(int frame) {
    return lengths[Objects.checkIndex(frame, lengths.length)];
  }

  /// How many samples a frame has.
  public int blockSize(int frame) {
    return blocks[Objects.checkIndex(frame, blocks.length)];
  }
}
