package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;

/// STREAMINFO: what is known of a whole stream (RFC 9639, 8.2).
///
/// ```
/// bits   16      16       24       24       20       3        5         36         128
///     +-------+-------+--------+--------+--------+----------+-------+---------+-----------+
///     | block size    | frame size      | rate   | channels | depth | samples | MD5       |
///     | least | most  | least  | most   | Hz     | - 1      | - 1   | total   | of samples|
///     +-------+-------+--------+--------+--------+----------+-------+---------+-----------+
/// ```
///
/// @param minBlockSize samples in the smallest block, the last one not counted, 16 to 65535.
///   Smaller than the truth is allowed, if it differs from `maxBlockSize`
/// @param maxBlockSize samples in the largest block, 16 to 65535. Equal to `minBlockSize` in a
///   stream of fixed block size
/// @param minFrameSize bytes of the smallest frame, 0 if not known
/// @param maxFrameSize bytes of the largest frame, 0 if not known
/// @param format of all frames
/// @param totalSamples of one channel, 0 if not known, at most 2^36 - 1
/// @param md5 of all samples as [PcmMd5] computes it, or [Md5#UNKNOWN]
public record StreamInfo(
    int minBlockSize,
    int maxBlockSize,
    int minFrameSize,
    int maxFrameSize,
    AudioFormat format,
    long totalSamples,
    Md5 md5)
    implements MetadataBlock {

  /// The body's length in bytes.
  public static final int BYTES = 34;

  static final int TYPE = 0;

  private static final int MIN_BLOCK_SIZE = 16;
  private static final int MAX_FRAME_SIZE = (1 << 24) - 1;

  /// Checks the ranges.
  public StreamInfo {
    if (minBlockSize < MIN_BLOCK_SIZE
        || maxBlockSize > FrameEncoder.MAX_BLOCK_SIZE
        || minBlockSize > maxBlockSize) {
      throw new IllegalArgumentException(
          "block sizes must be 16 to 65535, the least first, were "
              + minBlockSize
              + " and "
              + maxBlockSize);
    }
    if (minFrameSize < 0
        || maxFrameSize < 0
        || minFrameSize > MAX_FRAME_SIZE
        || maxFrameSize > MAX_FRAME_SIZE
        || (maxFrameSize > 0 && minFrameSize > maxFrameSize)) {
      throw new IllegalArgumentException(
          "frame sizes must be 0 to 2^24 - 1, the least first, were "
              + minFrameSize
              + " and "
              + maxFrameSize);
    }
    if (totalSamples < 0 || totalSamples > FrameHeader.MAX_SAMPLE) {
      throw new IllegalArgumentException(
          "total samples must be 0 to 2^36 - 1, was " + totalSamples);
    }
  }

  /// The state of a stream that is still being written, or has no end: any block size, everything
  /// else unknown.
  ///
  /// @param format of all frames
  /// @return block sizes 16 and 65535, the rest zero
  public static StreamInfo open(AudioFormat format) {
    return new StreamInfo(
        MIN_BLOCK_SIZE, FrameEncoder.MAX_BLOCK_SIZE, 0, 0, format, 0, Md5.UNKNOWN);
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int bodyBytes() {
    return BYTES;
  }

  void write(byte[] out, int offset) {
    BigEndian.writeShort(out, offset, minBlockSize);
    BigEndian.writeShort(out, offset + 2, maxBlockSize);
    BigEndian.writeTriple(out, offset + 4, minFrameSize);
    BigEndian.writeTriple(out, offset + 7, maxFrameSize);
    BigEndian.writeLong(
        out,
        offset + 10,
        (long) format.sampleRateHz() << 44
            | (long) (format.channels() - 1) << 41
            | (long) (format.bitsPerSample() - 1) << 36
            | totalSamples);
    BigEndian.writeLong(out, offset + 18, md5.high());
    BigEndian.writeLong(out, offset + 26, md5.low());
  }

  static StreamInfo read(byte[] in, int offset) throws MalformedFlacException {
    long packed = BigEndian.readLong(in, offset + 10);
    try {
      return new StreamInfo(
          BigEndian.readShort(in, offset),
          BigEndian.readShort(in, offset + 2),
          BigEndian.readTriple(in, offset + 4),
          BigEndian.readTriple(in, offset + 7),
          new AudioFormat(
              (int) (packed >>> 44), (int) (packed >>> 41 & 7) + 1, (int) (packed >>> 36 & 31) + 1),
          packed & FrameHeader.MAX_SAMPLE,
          new Md5(BigEndian.readLong(in, offset + 18), BigEndian.readLong(in, offset + 26)));
    } catch (IllegalArgumentException e) {
      throw new MalformedFlacException("STREAMINFO: " + e.getMessage(), offset);
    }
  }
}
