package io.sonidb.flac;

import io.sonidb.flac.kernel.Crc16;
import io.sonidb.flac.kernel.KernelChoice;
import io.sonidb.flac.kernel.Kernels;
import java.util.Arrays;

/// Reads FLAC frames, all that RFC 9639 defines: every subframe type and header code, 4 to 32 bits,
/// 1 to 8 channels, left/side, side/right and mid/side stereo.
///
/// Nothing that the bytes say is believed unchecked. CRC-8 and CRC-16 are verified, reserved codes
/// are refused, and samples that lead out of the bit depth too. Memory is bounded by 65535 samples
/// of each channel, time by the number of bits that are given and samples that come out.
///
/// A decoder reuses its memory, so it serves one thread at a time; it allocates nothing once it has
/// seen its largest block.
///
/// ```java
/// var decoder = new FrameDecoder();
/// int size = decoder.decode(bytes, offset, bytes.length);
/// int[] left = decoder.samples(0);   // decoder.blockSize() samples
/// ```
public final class FrameDecoder {

  /// The longest frame that STREAMINFO can describe, in bytes; longer ones are refused.
  public static final int MAX_FRAME_SIZE = (1 << 24) - 1;

  private static final int FOOTER_BYTES = 2;
  private static final int NONE = -1;

  final FrameHeader header = new FrameHeader();
  final BitReader reader;
  final SubframeDecoder subframes = new SubframeDecoder();
  final int[][] channels = new int[AudioFormat.MAX_CHANNELS][0];

  /// The side channel of 32-bit stereo, which has 33 bits.
  private long[] wide = {};

  private final boolean bound;
  private final StreamInfo info;
  private final boolean checksums;
  private final boolean choosesKernels;

  /// Where each channel's plain samples lie that have not been copied yet, or -1, and the channel
  /// whose samples are still folded, or -1.
  private final int[] plainAt = new int[AudioFormat.MAX_CHANNELS];

  private int foldedChannel = NONE;

  private AudioFormat format = new AudioFormat(0, 1, 4);
  private int blockSize;

  /// Of the frame at hand.
  int bitsPerSample;

  /// A decoder for frames whose headers carry sample rate and bit depth themselves.
  public FrameDecoder() {
    this(false, StreamInfo.open(new AudioFormat(0, 1, 4)), true);
  }

  /// A decoder for the frames of one stream: what a header does not carry is taken from STREAMINFO,
  /// and frames that contradict it are refused.
  ///
  /// @param info of the stream
  public FrameDecoder(StreamInfo info) {
    this(true, info, true);
  }

  FrameDecoder(boolean bound, StreamInfo info, boolean checksums) {
    this(bound, info, checksums, KernelChoice.forNextFrame(), true);
  }

  /// A decoder that keeps to some kernels.
  FrameDecoder(Kernels kernels) {
    this(false, StreamInfo.open(new AudioFormat(0, 1, 4)), true, kernels, false);
  }

  /// A decoder for the frames of one stream that keeps to some kernels.
  FrameDecoder(StreamInfo info, Kernels kernels) {
    this(true, info, true, kernels, false);
  }

  /// @param checksums false only to let fuzzed bytes through to the code behind the checksums
  private FrameDecoder(
      boolean bound, StreamInfo info, boolean checksums, Kernels kernels, boolean choosesKernels) {
    reader = new BitReader(kernels);
    this.choosesKernels = choosesKernels;
    this.bound = bound;
    this.info = info;
    this.checksums = checksums;
    header.checksums = checksums;
  }

  /// Reads the frame at `offset`, all of it, and checks it.
  ///
  /// @param in holds the frame
  /// @param offset where it begins
  /// @param limit the end of the bytes that may be read, which may lie behind the frame
  /// @return the frame's length in bytes
  /// @throws MalformedFlacException with an offset into `in`; [MalformedFlacException#truncated()]
  ///   tells whether more bytes might mend it. The samples and properties of this decoder are then
  ///   undefined
  public int decode(byte[] in, int offset, int limit) throws MalformedFlacException {
    begin(in, offset, limit);
    if (header.assignment < FrameHeader.LEFT_SIDE) {
      for (int channel = 0; channel < header.channels; channel++) {
        subframes.decode(reader, channels[channel], header.blockSize, bitsPerSample);
      }
    } else {
      decodeStereo(header.blockSize, bitsPerSample);
    }
    return end(in, offset);
  }

  /// Reads the header of a frame and makes room for its samples.
  void begin(byte[] in, int offset, int limit) throws MalformedFlacException {
    if (offset < 0 || limit > in.length || offset > limit) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + limit + " of an array of " + in.length);
    }
    if (choosesKernels) {
      reader.kernels = KernelChoice.forNextFrame();
    }
    blockSize = 0;
    Arrays.fill(plainAt, NONE);
    foldedChannel = NONE;
    subframes.leavesPlain = false;
    int headerSize = header.read(in, offset, limit);
    if (headerSize < 0) {
      throw new MalformedFlacException(header.problem, header.problemOffset, header.truncated);
    }
    bitsPerSample = settleFormat(offset);
    reader.start(in, offset + headerSize, limit);
    for (int channel = 0; channel < header.channels; channel++) {
      if (channels[channel].length < header.blockSize) {
        channels[channel] = new int[header.blockSize];
      }
    }
  }

  /// Checks what follows the last subframe.
  ///
  /// @return the frame's length in bytes
  int end(byte[] in, int offset) throws MalformedFlacException {
    int end = checkEnd(in, offset);
    blockSize = header.blockSize;
    return end - offset;
  }

  /// {@return samples of each channel in the last frame}
  public int blockSize() {
    return blockSize;
  }

  /// {@return the coded number of the last frame: of its first sample if [#variableBlockSize()],
  /// else of the frame}
  public long number() {
    return header.number;
  }

  /// {@return whether the last frame belongs to a stream of variable block size}
  public boolean variableBlockSize() {
    return header.variableBlockSize;
  }

  /// {@return rate, channels and depth of the last frame}
  public AudioFormat format() {
    return format;
  }

  /// The samples of a channel of the last frame: this decoder's own array, at least [#blockSize()]
  /// long, valid until the next call of [#decode].
  ///
  /// @param channel 0 to `format().channels() - 1`
  /// @return the array, not a copy
  public int[] samples(int channel) {
    if (channel < 0 || channel >= format.channels()) {
      throw new IndexOutOfBoundsException(
          "channel " + channel + " of a frame with " + format.channels());
    }
    if (plainAt[channel] >= 0) {
      copyPlain(channel);
    }
    if (channel == foldedChannel) {
      subframes.residual.unfold(reader, channels[channel], 1, blockSize);
      foldedChannel = NONE;
    }
    return channels[channel];
  }

  private void copyPlain(int channel) {
    long end = reader.position;
    reader.position = 8L * plainAt[channel];
    try {
      reader.samples(channels[channel], 0, blockSize, SubframeDecoder.PLAIN_BITS);
    } catch (MalformedFlacException e) {
      throw new IllegalStateException("bytes that were there are gone", e);
    }
    reader.position = end;
    plainAt[channel] = NONE;
  }

  /// Where in the bytes that were decoded the samples of a channel of the last frame lie as they
  /// are, three bytes each. Only [FrameBatchDecoder#leaveSamples] leaves them there, and until
  /// [#samples] is asked for them.
  ///
  /// @return an index; -1 if they lie there in no such way
  public int plainSamples(int channel) {
    return plainAt[channel];
  }

  /// Whether the samples of a channel of the last frame, without the first, are in
  /// [#foldedSamples]. Only [FrameBatchDecoder#leaveSamples] leaves them there, and until
  /// [#samples] is asked for them.
  public boolean isFolded(int channel) {
    return channel == foldedChannel;
  }

  /// The samples of the channel that [#isFolded], each a byte at its own index: 0, 1, 2, 3, 4 stand
  /// for 0, -1, 1, -2, 2. The first is not there. This decoder's own array.
  ///
  /// @return the array, longer than the block, not a copy
  public byte[] foldedSamples() {
    return subframes.residual.folded;
  }

  /// The first sample of a channel that [#isFolded].
  public int firstSample(int channel) {
    return channels[channel][0];
  }

  void leavePlain(int channel, int at) {
    plainAt[channel] = at;
  }

  void leaveFolded(int channel) {
    foldedChannel = channel;
  }

  /// @return bits per sample
  private int settleFormat(int offset) throws MalformedFlacException {
    int rate = header.sampleRateHz;
    int bits = header.bitsPerSample;
    if (bound) {
      AudioFormat stream = info.format();
      rate = rate < 0 ? stream.sampleRateHz() : rate;
      bits = bits == 0 ? stream.bitsPerSample() : bits;
      if (rate != stream.sampleRateHz()
          || bits != stream.bitsPerSample()
          || header.channels != stream.channels()) {
        throw new MalformedFlacException(
            "frame of "
                + new AudioFormat(rate, header.channels, bits)
                + " in a stream whose STREAMINFO says "
                + stream,
            offset);
      }
      if (header.blockSize > info.maxBlockSize()) {
        throw new MalformedFlacException(
            "block of "
                + header.blockSize
                + " samples in a stream whose STREAMINFO says at most "
                + info.maxBlockSize(),
            offset);
      }
    } else if (rate < 0 || bits == 0) {
      throw new MalformedFlacException(
          "frame header leaves "
              + (rate < 0 ? "sample rate" : "bit depth")
              + " to STREAMINFO, and none is given",
          offset);
    }
    if (rate != format.sampleRateHz()
        || bits != format.bitsPerSample()
        || header.channels != format.channels()) {
      format = new AudioFormat(rate, header.channels, bits);
    }
    return bits;
  }

  private void decodeStereo(int size, int bits) throws MalformedFlacException {
    int[] first = channels[0];
    int[] second = channels[1];
    long outside;
    if (bits < 32) {
      boolean sideFirst = header.assignment == FrameHeader.SIDE_RIGHT;
      subframes.decode(reader, first, size, sideFirst ? bits + 1 : bits);
      subframes.decode(reader, second, size, sideFirst ? bits : bits + 1);
      outside =
          switch (header.assignment) {
            case FrameHeader.LEFT_SIDE -> Stereo.leftSide(first, second, size);
            case FrameHeader.SIDE_RIGHT -> Stereo.sideRight(first, second, size);
            default -> Stereo.midSide(first, second, size);
          };
    } else {
      if (wide.length < size) {
        wide = new long[size];
      }
      if (header.assignment == FrameHeader.SIDE_RIGHT) {
        subframes.decodeWide(reader, first, wide, size);
        subframes.decode(reader, second, size, bits);
        outside = Stereo.sideRight(wide, first, second, size);
      } else {
        subframes.decode(reader, first, size, bits);
        subframes.decodeWide(reader, second, wide, size);
        outside =
            header.assignment == FrameHeader.LEFT_SIDE
                ? Stereo.leftSide(first, wide, second, size)
                : Stereo.midSide(first, wide, second, size);
      }
    }
    if (outside >>> (bits - 1) != 0) {
      throw reader.malformed(
          "a sample restored from the side channel does not fit in " + bits + " bits");
    }
  }

  /// Checks the zeros that fill the last byte, and the footer.
  ///
  /// @return where the frame ends
  private int checkEnd(byte[] in, int offset) throws MalformedFlacException {
    int padding = (int) -reader.position & 7;
    if (reader.bits(padding) != 0) {
      throw reader.malformed("padding in front of the frame footer is not zero");
    }
    reader.require(8 * FOOTER_BYTES);
    int footer = (int) (reader.position >>> 3);
    int end = footer + FOOTER_BYTES;
    // The checksum of a message followed by its own checksum is zero.
    if (checksums && Crc16.of(in, offset, end - offset) != 0) {
      throw new MalformedFlacException("CRC-16 of the frame does not match", footer);
    }
    int length = end - offset;
    if (length > MAX_FRAME_SIZE) {
      throw new MalformedFlacException("frame of " + length + " bytes is too long", offset);
    }
    if (bound
        && (length < info.minFrameSize()
            || (info.maxFrameSize() > 0 && length > info.maxFrameSize()))) {
      throw new MalformedFlacException(
          "frame of "
              + length
              + " bytes in a stream whose STREAMINFO says "
              + info.minFrameSize()
              + " to "
              + info.maxFrameSize(),
          offset);
    }
    return end;
  }
}
