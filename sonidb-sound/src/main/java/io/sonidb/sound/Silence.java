package io.sonidb.sound;

import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.SubframeSearch;

/// Frames in which every sample is 0: time without a record.
///
/// No part begins like that, since a control word is at least 2^22. So whoever knows records hears
/// nothing in it, and a record whose parts have silence between them is whole.
///
/// Not thread-safe.
public final class Silence {
  private static final int MIN = RecordFormat.MIN_BLOCK_SAMPLES;
  private static final int MAX = RecordFormat.MAX_PART_SAMPLES;

  private final FrameEncoder encoder;
  private final int[][] zeros;
  private final byte[] frame;

  /// Silence in the stream of a format.
  public Silence(SoundFormat format) {
    this.encoder = new FrameEncoder(format.audio(), SubframeSearch.NOISE);
    this.zeros = new int[format.channels()][MAX];
    this.frame = new byte[encoder.maxFrameSize(MAX)];
  }

  /// Takes frames.
  @FunctionalInterface
  public interface Taker {
    /// @param frame holds a frame, valid during the call
    /// @param length its bytes, from the array's first on
    /// @param blockSize its samples
    void take(byte[] frame, int length, int blockSize);
  }

  /// Makes frames that are so long together.
  ///
  /// @param samples 0, or 16 or more: no frame is shorter
  public void make(long samples, Taker to) {
    if (samples < 0 || (samples > 0 && samples < MIN)) {
      throw new IllegalArgumentException(
          "silence must be 0 or 16 samples long or more, was " + samples);
    }
    long left = samples;
    while (left > 0) {
      // Never so much that what is left is too short for a frame.
      int block = (int) (left <= MAX ? left : Math.min(MAX, left - MIN));
      to.take(frame, encoder.encode(zeros, block, 0, frame, 0), block);
      left -= block;
    }
  }
}
