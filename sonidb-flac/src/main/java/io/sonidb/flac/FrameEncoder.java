package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Crc16;
import io.sonidb.flac.kernel.KernelChoice;
import io.sonidb.flac.kernel.Kernels;
import java.util.Arrays;

/// Writes blocks of samples as FLAC frames (RFC 9639, 9).
///
/// What it can do: 4 to 24 bits per sample, 1 to 8 channels, blocks of 1 to 65535 samples, streams
/// of fixed and of variable block size. Each channel becomes the smallest subframe that the
/// [SubframeSearch] reaches, counted to the bit, of all types that there are; and two channels are
/// coded as they are, or with their mean or difference in the place of one or both, whichever is
/// smaller, if the search asks for that. Frames of vectors never pay for it.
///
/// An encoder reuses its memory, so it serves one thread at a time; it allocates nothing once it
/// has seen its largest block.
///
/// ```java
/// var encoder = new FrameEncoder(new AudioFormat(48_000, 2, 24), SubframeSearch.NOISE);
/// byte[] out = new byte[encoder.maxFrameSize(768)];
/// int size = encoder.encode(pcm, 768, firstSample, out, 0);
/// ```
public final class FrameEncoder {

  /// The most bits per sample that this encoder takes.
  public static final int MAX_BITS_PER_SAMPLE = 24;

  /// The most samples of one channel in a frame.
  public static final int MAX_BLOCK_SIZE = FrameHeader.MAX_BLOCK_SIZE;

  private static final int FOOTER_BYTES = 2;

  private static final int LEFT = 0;
  private static final int RIGHT = 1;
  private static final int MID = 2;
  private static final int SIDE = 3;

  private final AudioFormat format;
  private final BitWriter writer;
  private final boolean choosesKernels;
  private final SubframeEncoder subframes;

  /// For each of [#LEFT], [#RIGHT], [#MID] and [#SIDE] one, or none at all.
  private final SubframeEncoder[] stereo;

  private int[] mid = {};
  private int[] side = {};

  /// An encoder for one format.
  ///
  /// @param format of all frames; 4 to [#MAX_BITS_PER_SAMPLE] bits
  /// @param search how hard to look for small subframes
  /// @throws IllegalArgumentException if the format has more than [#MAX_BITS_PER_SAMPLE] bits
  public FrameEncoder(AudioFormat format, SubframeSearch search) {
    this(format, search, KernelChoice.forNextFrame(), true);
  }

  /// An encoder that keeps to some kernels.
  FrameEncoder(AudioFormat format, SubframeSearch search, Kernels kernels) {
    this(format, search, kernels, false);
  }

  private FrameEncoder(
      AudioFormat format, SubframeSearch search, Kernels kernels, boolean choosesKernels) {
    if (format.bitsPerSample() > MAX_BITS_PER_SAMPLE) {
      throw new IllegalArgumentException(
          "the encoder takes 4 to "
              + MAX_BITS_PER_SAMPLE
              + " bits per sample, not "
              + format.bitsPerSample());
    }
    this.format = format;
    writer = new BitWriter(kernels);
    this.choosesKernels = choosesKernels;
    subframes = new SubframeEncoder(search);
    stereo = new SubframeEncoder[search.decorrelated() && format.channels() == 2 ? 4 : 0];
    Arrays.setAll(stereo, i -> new SubframeEncoder(search));
  }

  /// {@return the format of all frames}
  public AudioFormat format() {
    return format;
  }

  /// The room in bytes that an output array must have for a frame of `blockSize` samples: as much
  /// as the longest header and plain samples take, and eight bytes more, because the encoder writes
  /// whole words. No frame of that block size is longer.
  ///
  /// @param blockSize samples of each channel, 1 to 65535
  /// @return bytes
  public int maxFrameSize(int blockSize) {
    checkBlockSize(blockSize);
    long bits = (8 + (long) blockSize * format.bitsPerSample()) * format.channels();
    return FrameHeader.MAX_BYTES + (int) ((bits + 7) / 8) + FOOTER_BYTES + Long.BYTES;
  }

  /// Writes a frame of a stream of variable block size; its number is that of its first sample.
  ///
  /// @param pcm `int[channels][blockSize]` or longer; only read
  /// @param blockSize samples of each channel, 1 to 65535; RFC 9639 allows fewer than 16 only in
  ///   the last frame of a stream
  /// @param firstSample 0 to 2^36 - 1
  /// @param out receives the frame; [#maxFrameSize] bytes from `offset` on may be overwritten
  /// @param offset where the frame begins
  /// @return the frame's length in bytes
  /// @throws IllegalArgumentException if a sample does not fit in the format's bits, or `out` is
  ///   too short
  public int encode(int[][] pcm, int blockSize, long firstSample, byte[] out, int offset) {
    if (firstSample < 0 || firstSample > FrameHeader.MAX_SAMPLE) {
      throw new IllegalArgumentException("first sample must be 0 to 2^36 - 1, was " + firstSample);
    }
    return encode(pcm, blockSize, true, firstSample, out, offset);
  }

  /// Writes a frame of a stream whose blocks, all but the last, have the same size; its number is
  /// that of the frame.
  ///
  /// @param pcm as in [#encode]
  /// @param blockSize as in [#encode]
  /// @param frameIndex 0 to 2^31 - 1
  /// @param out as in [#encode]
  /// @param offset as in [#encode]
  /// @return the frame's length in bytes
  public int encodeFixed(int[][] pcm, int blockSize, long frameIndex, byte[] out, int offset) {
    if (frameIndex < 0 || frameIndex > FrameHeader.MAX_FRAME) {
      throw new IllegalArgumentException("frame index must be 0 to 2^31 - 1, was " + frameIndex);
    }
    return encode(pcm, blockSize, false, frameIndex, out, offset);
  }

  private int encode(
      int[][] pcm, int blockSize, boolean variable, long number, byte[] out, int offset) {
    int room = maxFrameSize(blockSize);
    int channels = format.channels();
    if (pcm.length < channels) {
      throw new IllegalArgumentException(
          "pcm must have " + channels + " channels, has " + pcm.length);
    }
    for (int channel = 0; channel < channels; channel++) {
      if (pcm[channel].length < blockSize) {
        throw new IllegalArgumentException(
            "pcm[" + channel + "] must have " + blockSize + " samples, has " + pcm[channel].length);
      }
    }
    if (offset < 0 || out.length - offset < room) {
      throw new IllegalArgumentException(
          "a frame of "
              + blockSize
              + " samples needs "
              + room
              + " bytes of room, offset "
              + offset
              + " of "
              + out.length
              + " bytes leaves "
              + (out.length - offset));
    }
    if (choosesKernels) {
      writer.kernels = KernelChoice.forNextFrame();
    }
    int assignment = stereo.length == 0 ? channels - 1 : chooseAssignment(pcm, blockSize);
    int header = FrameHeader.write(out, offset, format, assignment, variable, blockSize, number);
    writer.start(out, offset + header, offset + room);
    if (stereo.length > 0) {
      writeStereo(assignment);
    } else {
      for (int channel = 0; channel < channels; channel++) {
        subframes.choose(writer.kernels, pcm[channel], blockSize, format.bitsPerSample(), channel);
        subframes.write(writer);
      }
    }
    writer.align();
    int end = writer.position;
    BigEndian.writeShort(out, end, Crc16.of(out, offset, end - offset));
    return end + FOOTER_BYTES - offset;
  }

  /// Chooses how to code both channels, their mean and their difference, and of these the two that
  /// take the fewest bits together.
  private int chooseAssignment(int[][] pcm, int blockSize) {
    int depth = format.bitsPerSample();
    long left = stereo[LEFT].choose(writer.kernels, pcm[0], blockSize, depth, 0);
    long right = stereo[RIGHT].choose(writer.kernels, pcm[1], blockSize, depth, 1);
    if (mid.length < blockSize) {
      mid = new int[blockSize];
      side = new int[blockSize];
    }
    Stereo.decorrelate(pcm[0], pcm[1], mid, side, blockSize);
    long middle = stereo[MID].choose(writer.kernels, mid, blockSize, depth, 0);
    long difference = stereo[SIDE].choose(writer.kernels, side, blockSize, depth + 1, 1);
    int assignment = 1;
    long least = left + right;
    if (left + difference < least) {
      assignment = FrameHeader.LEFT_SIDE;
      least = left + difference;
    }
    if (difference + right < least) {
      assignment = FrameHeader.SIDE_RIGHT;
      least = difference + right;
    }
    return middle + difference < least ? FrameHeader.MID_SIDE : assignment;
  }

  private void writeStereo(int assignment) {
    int first =
        switch (assignment) {
          case FrameHeader.SIDE_RIGHT -> SIDE;
          case FrameHeader.MID_SIDE -> MID;
          default -> LEFT;
        };
    boolean sideSecond = assignment == FrameHeader.LEFT_SIDE || assignment == FrameHeader.MID_SIDE;
    stereo[first].write(writer);
    stereo[sideSecond ? SIDE : RIGHT].write(writer);
  }

  private static void checkBlockSize(int blockSize) {
    if (blockSize < 1 || blockSize > MAX_BLOCK_SIZE) {
      throw new IllegalArgumentException(
          "block size must be 1 to " + MAX_BLOCK_SIZE + ", was " + blockSize);
    }
  }
}
