package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;

/// The 5 to 16 bytes that a frame begins with (RFC 9639, 9.1), read and written.
///
/// ```
/// bits  14    1        1          4           4            4         3      1
///     +------+---+-----------+-----------+-----------+------------+-------+---+
///     | sync | 0 | variable? | blockSize | rate code | assignment | depth | 0 |
///     +------+---+-----------+-----------+-----------+------------+-------+---+
///     | coded number, 1 to 7 bytes | block size, 0 to 2 | rate, 0 to 2 | CRC-8 |
///     +----------------------------+--------------------+--------------+-------+
/// ```
///
/// One instance is reused for many frames. A header that is not valid is told by the return value
/// and the field `problem`, not by an exception, because a search for the next frame tries many.
final class FrameHeader {

  /// Two bytes of sync and flags, two of codes, seven of number, two of block size, two of rate,
  /// CRC-8.
  static final int MAX_BYTES = 16;

  static final int MAX_BLOCK_SIZE = 65535;

  /// The largest coded number of a stream of variable block size: 36 bits of sample.
  static final long MAX_SAMPLE = (1L << 36) - 1;

  /// The largest coded number of a stream of fixed block size: 31 bits of frame.
  static final long MAX_FRAME = (1L << 31) - 1;

  /// Channel assignments (RFC 9639, 9.1.3); those below are independent channels, less one.
  static final int LEFT_SIDE = 8;

  static final int SIDE_RIGHT = 9;
  static final int MID_SIDE = 10;

  private static final int[] SAMPLE_RATES_HZ = {
    0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000
  };
  private static final int RATE_IN_KILOHERTZ = 12;
  private static final int RATE_IN_HERTZ = 13;
  private static final int RATE_IN_TENS = 14;

  /// Bits per sample of each depth code; 0 stands in STREAMINFO, -1 is reserved.
  private static final int[] DEPTHS = {0, 8, 12, -1, 16, 20, 24, 32};

  /// Whether [#read] checks the CRC-8; a decoder under fuzzing does not.
  boolean checksums = true;

  boolean variableBlockSize;
  int blockSize;
  int assignment;
  int channels;
  long number;

  /// Where the coded number begins, counted from the frame's first byte: always 4.
  static final int NUMBER_OFFSET = 4;

  int numberBytes;

  /// In Hz; -1 when the header refers to STREAMINFO.
  int sampleRateHz;

  /// 0 when the header refers to STREAMINFO.
  int bitsPerSample;

  /// Why the last [#read] failed, where, and whether only for want of bytes.
  String problem = "";

  int problemOffset;
  boolean truncated;

  /// Reads a header and checks its CRC-8.
  ///
  /// @return its length in bytes, or -1 when there is no valid header at `offset`
  int read(byte[] in, int offset, int limit) {
    if (limit - offset < 5) {
      boolean begun = limit - offset < 1 || in[offset] == (byte) 0xff;
      return begun ? truncated(limit) : fail("no frame sync code", offset);
    }
    int word = BigEndian.readInt(in, offset);
    if (word >>> 18 != 0x3ffe) {
      return fail("no frame sync code", offset);
    }
    if ((word & 1 << 17) != 0) {
      return fail("reserved bit of the frame header is set", offset + 1);
    }
    variableBlockSize = (word & 1 << 16) != 0;
    int blockSizeCode = word >>> 12 & 15;
    int rateCode = word >>> 8 & 15;
    assignment = word >>> 4 & 15;
    int depth = DEPTHS[word >>> 1 & 7];
    if (blockSizeCode == 0) {
      return fail("block size code 0 is reserved", offset + 2);
    }
    if (rateCode == 15) {
      return fail("sample rate code 15 is forbidden", offset + 2);
    }
    if (assignment > MID_SIDE) {
      return fail("channel assignment above 10 is reserved", offset + 3);
    }
    if (depth < 0) {
      return fail("bit depth code 3 is reserved", offset + 3);
    }
    if ((word & 1) != 0) {
      return fail("reserved bit of the frame header is set", offset + 3);
    }
    bitsPerSample = depth;
    channels = assignment < LEFT_SIDE ? assignment + 1 : 2;

    int first = in[offset + NUMBER_OFFSET] & 0xff;
    // 0xxxxxxx is one byte, 110xxxxx two, ..., 11111110 seven; 10xxxxxx and 11111111 begin nothing.
    int ones = Integer.numberOfLeadingZeros(~first << 24);
    if (ones == 1 || ones > 7) {
      return fail("coded number begins with a byte that cannot begin one", offset + NUMBER_OFFSET);
    }
    numberBytes = Math.max(ones, 1);
    int at = offset + NUMBER_OFFSET + numberBytes;
    int rest =
        (blockSizeCode == 6 ? 1 : blockSizeCode == 7 ? 2 : 0)
            + (rateCode < RATE_IN_KILOHERTZ ? 0 : rateCode == RATE_IN_KILOHERTZ ? 1 : 2);
    if (limit - at < rest + 1) {
      return truncated(limit);
    }
    long value = ones == 0 ? first : first & 0x7f >>> ones;
    for (int i = offset + NUMBER_OFFSET + 1; i < at; i++) {
      if ((in[i] & 0xc0) != 0x80) {
        return fail("coded number is broken off", i);
      }
      value = value << 6 | (in[i] & 0x3f);
    }
    if (!variableBlockSize && value > MAX_FRAME) {
      return fail("frame number has more than 31 bits", offset + NUMBER_OFFSET);
    }
    number = value;

    if (blockSizeCode == 6) {
      blockSize = (in[at++] & 0xff) + 1;
    } else if (blockSizeCode == 7) {
      blockSize = BigEndian.readShort(in, at) + 1;
      if (blockSize > MAX_BLOCK_SIZE) {
        return fail("block size 65536 is forbidden", at);
      }
      at += 2;
    } else {
      blockSize =
          blockSizeCode == 1
              ? 192
              : blockSizeCode < 6 ? 576 << (blockSizeCode - 2) : 256 << (blockSizeCode - 8);
    }

    switch (rateCode) {
      case 0 -> sampleRateHz = -1;
      case RATE_IN_KILOHERTZ -> sampleRateHz = (in[at++] & 0xff) * 1000;
      case RATE_IN_HERTZ -> {
        sampleRateHz = BigEndian.readShort(in, at);
        at += 2;
      }
      case RATE_IN_TENS -> {
        sampleRateHz = BigEndian.readShort(in, at) * 10;
        at += 2;
      }
      default -> sampleRateHz = SAMPLE_RATES_HZ[rateCode];
    }
    if (checksums && Crc8.of(in, offset, at - offset) != (in[at] & 0xff)) {
      return fail("CRC-8 of the frame header does not match", at);
    }
    return at + 1 - offset;
  }

  /// Writes a header.
  ///
  /// @param assignment of channels; does not change the length
  /// @return its length in bytes
  static int write(
      byte[] out,
      int offset,
      AudioFormat format,
      int assignment,
      boolean variableBlockSize,
      int blockSize,
      long number) {
    int blockSizeCode = blockSizeCode(blockSize);
    int rate = format.sampleRateHz();
    int rateCode = rateCode(rate);
    BigEndian.writeInt(
        out,
        offset,
        0xfff80000
            | (variableBlockSize ? 1 << 16 : 0)
            | blockSizeCode << 12
            | rateCode << 8
            | assignment << 4
            | depthCode(format.bitsPerSample()) << 1);
    int at = offset + NUMBER_OFFSET;
    at += writeNumber(out, at, number);
    if (blockSizeCode == 6) {
      out[at++] = (byte) (blockSize - 1);
    } else if (blockSizeCode == 7) {
      BigEndian.writeShort(out, at, blockSize - 1);
      at += 2;
    }
    if (rateCode == RATE_IN_KILOHERTZ) {
      out[at++] = (byte) (rate / 1000);
    } else if (rateCode >= RATE_IN_HERTZ) {
      BigEndian.writeShort(out, at, rateCode == RATE_IN_HERTZ ? rate : rate / 10);
      at += 2;
    }
    out[at] = (byte) Crc8.of(out, offset, at - offset);
    return at + 1 - offset;
  }

  /// Writes a coded number, 0 to [#MAX_SAMPLE], in as few bytes as it takes: UTF-8, carried on to
  /// seven bytes (RFC 9639, 9.1.5).
  ///
  /// @return 1 to 7
  static int writeNumber(byte[] out, int offset, long number) {
    if (number < 0x80) {
      out[offset] = (byte) number;
      return 1;
    }
    // n bytes carry 5 * n + 1 bits.
    int bits = 64 - Long.numberOfLeadingZeros(number);
    int bytes = (bits + 3) / 5;
    long rest = number;
    for (int i = bytes - 1; i > 0; i--) {
      out[offset + i] = (byte) (0x80 | (rest & 0x3f));
      rest >>>= 6;
    }
    out[offset] = (byte) (0xff00 >>> bytes | rest);
    return bytes;
  }

  /// How many bytes the coded number takes that [#writeNumber] writes.
  static int numberBytes(long number) {
    return number < 0x80 ? 1 : (64 - Long.numberOfLeadingZeros(number) + 3) / 5;
  }

  private static int blockSizeCode(int blockSize) {
    if (blockSize == 192) {
      return 1;
    }
    int twos = Integer.numberOfTrailingZeros(blockSize);
    if (twos >= 8 && blockSize >>> twos == 1) {
      return twos;
    }
    // 576 = 9 * 2^6.
    if (twos >= 6 && twos <= 9 && blockSize >>> twos == 9) {
      return twos - 4;
    }
    return blockSize <= 256 ? 6 : 7;
  }

  private static int rateCode(int sampleRateHz) {
    for (int code = 1; code < SAMPLE_RATES_HZ.length; code++) {
      if (SAMPLE_RATES_HZ[code] == sampleRateHz) {
        return code;
      }
    }
    if (sampleRateHz == 0) {
      return 0;
    }
    if (sampleRateHz % 1000 == 0 && sampleRateHz <= 255_000) {
      return RATE_IN_KILOHERTZ;
    }
    if (sampleRateHz <= 65535) {
      return RATE_IN_HERTZ;
    }
    return sampleRateHz % 10 == 0 && sampleRateHz <= 655_350 ? RATE_IN_TENS : 0;
  }

  private static int depthCode(int bitsPerSample) {
    return switch (bitsPerSample) {
      case 8 -> 1;
      case 12 -> 2;
      case 16 -> 4;
      case 20 -> 5;
      case 24 -> 6;
      case 32 -> 7;
      default -> 0;
    };
  }

  private int fail(String what, int where) {
    problem = what;
    problemOffset = where;
    truncated = false;
    return -1;
  }

  private int truncated(int limit) {
    problem = "the frame header is cut off";
    problemOffset = limit;
    truncated = true;
    return -1;
  }
}
