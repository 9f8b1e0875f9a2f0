package io.sonidb.sound;

import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.SubframeSearch;
import java.util.Objects;

/// Turns records into FLAC frames. Not thread-safe: one for each thread. Allocates nothing for a
/// record, except that names are turned into UTF-8 and the components of a sparse vector that
/// differ from the rest are put together. Makes a private copy of a frame when `out` is so short
/// that it might not hold it.
///
/// ```java
/// var encoder = new RecordEncoder(SoundFormat.FLOAT32);
/// byte[] out = new byte[encoder.maxSize(record)];
/// int size = encoder.encode(record, out, 0);
/// ```
public final class RecordEncoder {
  /// Whole numbers are worth more effort: images can be predicted, the header goes into raw samples
  /// ahead of the Rice codes, and runs of zeros into partitions of their own.
  private static final SubframeSearch NUMBERS = new SubframeSearch(2, 6, 12);

  /// Numbers that quantising made are noise; only the header before them is worth a search.
  private static final SubframeSearch MULTIPLES = new SubframeSearch(0, 0, 12);

  private final SoundFormat format;
  private final RecordSonifier sonifier;
  private final FrameEncoder frames;
  private final FrameEncoder searching;
  private final FrameEncoder searchingAhead;
  private final int smallestFrameBound;
  private final int[] lengths = new int[RecordFormat.MAX_PARTS];
  private final int[] blocks = new int[RecordFormat.MAX_PARTS];
  private byte[] scratch = new byte[0];
  private int parts;
  private long samples;

  /// An encoder for records of one format.
  public RecordEncoder(SoundFormat format) {
    this.format = Objects.requireNonNull(format);
    sonifier = new RecordSonifier(format);
    // A mantissa is noise; nothing but the marker channel's control word is worth looking for.
    frames = new FrameEncoder(format.audio(), SubframeSearch.NOISE);
    searching = new FrameEncoder(format.audio(), NUMBERS);
    searchingAhead = new FrameEncoder(format.audio(), MULTIPLES);
    // The number of wasted bits is told in up to as many bits, in every channel.
    smallestFrameBound =
        frames.maxFrameSize(RecordFormat.MIN_BLOCK_SAMPLES)
            + format.channels() * RecordFormat.BITS_PER_SAMPLE / 8;
  }

  /// The format of all records.
  public SoundFormat format() {
    return format;
  }

  /// An upper bound, in bytes, on the frames that [#encode] writes for this record.
  public int maxSize(SoundRecord record) {
    int sampleBytes = format.channels() * RecordFormat.BITS_PER_SAMPLE / 8;
    return sonifier.maxParts(record) * smallestFrameBound
        + sonifier.maxSamples(record) * sampleBytes
        + sonifier.maxVoiceBytes(record);
  }

  /// Writes the record as a run of FLAC frames that are numbered from sample 0.
  ///
  /// @param out has room for [#maxSize] bytes from `offset` on
  /// @return how many bytes were written
  /// @throws IllegalArgumentException when the vector's element type is not the format's
  public int encode(SoundRecord record, byte[] out, int offset) {
    sonifier.prepare(record);
    parts = sonifier.parts();
    samples = 0;
    int at = offset;
    for (int part = 0; part < parts; part++) {
      blocks[part] = sonifier.sound(part);
      lengths[part] = encodePart(encoder(part), blocks[part], out, at);
      samples += blocks[part];
      at += lengths[part];
    }
    return at - offset;
  }

  private FrameEncoder encoder(int part) {
    if (!sonifier.isWorthSearching(part)) {
      return frames;
    }
    return sonifier.isOfKnownStep() ? searchingAhead : searching;
  }

  /// A frame's encoder wants room for all bits of every sample. Under a shift there are more
  /// samples and fewer bits, and the room that [#maxSize] announces may not be enough for that.
  private int encodePart(FrameEncoder encoder, int block, byte[] out, int at) {
    int room = frames.maxFrameSize(block);
    if (out.length - at >= room) {
      return encoder.encode(sonifier.pcm(), block, samples, out, at);
    }
    if (scratch.length < room) {
      scratch = new byte[room];
    }
    int length = encoder.encode(sonifier.pcm(), block, samples, scratch, 0);
    System.arraycopy(scratch, 0, out, at, length);
    return length;
  }

  /// How many samples all frames of the last record have.
  public long samples() {
    return samples;
  }

  /// How many frames the last record has.
  public int parts() {
    return parts;
  }

  /// The size in bytes of one frame of the last record.
  public int partLength(int part) {
    return lengths[Objects.checkIndex(part, parts)];
  }

  /// The samples in one frame of the last record.
  public int partSamples(int part) {
    return blocks[Objects.checkIndex(part, parts)];
  }

  /// The hash of the last record.
  public long hash() {
    return sonifier.hash();
  }
}
