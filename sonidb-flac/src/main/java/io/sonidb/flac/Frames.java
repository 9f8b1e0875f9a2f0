package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Crc16;

/// What can be done with frames without decoding them.
public final class Frames {

  /// How many bytes longer a frame may become when it gets another number.
  public static final int MAX_RENUMBER_GROWTH = 6;

  private static final int FOOTER_BYTES = 2;

  /// What a subframe begins with whose samples lie there as they are, all bits of them.
  private static final byte PLAIN = 1 << 1;

  private Frames() {}

  /// Copies a frame under another coded number.
  ///
  /// The footer is not computed anew but changed by what the header changed. CRC-16 is linear, so a
  /// frame that was damaged before is damaged, and found out, in the copy as well; and the cost is
  /// that of a copy.
  ///
  /// @param frame holds one whole frame of `length` bytes at `offset`
  /// @param offset where it begins
  /// @param length all its bytes
  /// @param number the new coded number: the first sample in a frame of variable block size, up to
  ///   2^36 - 1, else the index of the frame, up to 2^31 - 1
  /// @param out receives the frame at `outOffset`: up to `length` + [#MAX_RENUMBER_GROWTH] bytes,
  ///   which must not overlap the old ones
  /// @param outOffset where the copy begins
  /// @return the new frame's length in bytes
  /// @throws IllegalArgumentException if there is no frame header at `offset`
  public static int renumber(
      byte[] frame, int offset, int length, long number, byte[] out, int outOffset) {
    FrameHeader header = new FrameHeader();
    int headerSize = header.read(frame, offset, offset + length);
    if (headerSize < 0 || length < headerSize + FOOTER_BYTES) {
      throw new IllegalArgumentException(
          "no frame of "
              + length
              + " bytes at offset "
              + offset
              + ": "
              + (headerSize < 0 ? header.problem : "too short"));
    }
    if (number < 0
        || number > (header.variableBlockSize ? FrameHeader.MAX_SAMPLE : FrameHeader.MAX_FRAME)) {
      throw new IllegalArgumentException(
          "coded number must be 0 to "
              + (header.variableBlockSize ? "2^36 - 1" : "2^31 - 1")
              + ", was "
              + number);
    }
    int restOffset = FrameHeader.NUMBER_OFFSET + header.numberBytes;
    int newRestOffset = FrameHeader.NUMBER_OFFSET + FrameHeader.numberBytes(number);
    int newHeaderSize = headerSize - restOffset + newRestOffset;
    int bodySize = length - headerSize - FOOTER_BYTES;
    int newLength = newHeaderSize + bodySize + FOOTER_BYTES;
    if (outOffset < 0 || out.length - outOffset < newLength) {
      throw new IllegalArgumentException(
          "the frame needs "
              + newLength
              + " bytes, offset "
              + outOffset
              + " of "
              + out.length
              + " leaves fewer");
    }

    System.arraycopy(frame, offset, out, outOffset, FrameHeader.NUMBER_OFFSET);
    FrameHeader.writeNumber(out, outOffset + FrameHeader.NUMBER_OFFSET, number);
    int between = headerSize - 1 - restOffset;
    System.arraycopy(frame, offset + restOffset, out, outOffset + newRestOffset, between);
    int crc8 = Crc8.of(out, outOffset, newHeaderSize - 1);
    out[outOffset + newHeaderSize - 1] = (byte) crc8;

    System.arraycopy(frame, offset + headerSize, out, outOffset + newHeaderSize, bodySize);
    int change = Crc16.of(frame, offset, headerSize) ^ Crc16.of(out, outOffset, newHeaderSize);
    int footer = BigEndian.readShort(frame, offset + length - FOOTER_BYTES);
    BigEndian.writeShort(
        out, outOffset + newLength - FOOTER_BYTES, footer ^ Crc16.appendZeros(change, bodySize));
    return newLength;
  }

  /// Whether some bytes are one frame of a block size, and both its checksums are right. Nothing is
  /// decoded: it costs about as much as a copy.
  ///
  /// @param in holds `length` bytes at `offset`
  /// @param offset where the frame would begin
  /// @param length of the bytes
  /// @param blockSize samples that the frame must have
  public static boolean isWhole(byte[] in, int offset, int length, int blockSize) {
    FrameHeader header = new FrameHeader();
    int headerSize = header.read(in, offset, offset + length);
    return headerSize > 0
        && header.blockSize == blockSize
        && length >= headerSize + FOOTER_BYTES
        && Crc16.of(in, offset, length) == 0;
  }

  /// Searches for the next frame header whose codes are all valid and whose CRC-8 is right. Of
  /// random bytes, one place in some 50 million looks like that, so what follows it must still be
  /// decoded.
  ///
  /// @param in is searched
  /// @param from where the search begins
  /// @param limit the end of the bytes; a header that it cuts off is not found
  /// @return the offset of its first byte, or -1
  public static int findHeader(byte[] in, int from, int limit) {
    if (from < 0 || limit > in.length) {
      throw new IndexOutOfBoundsException(
          "bytes " + from + " to " + limit + " of an array of " + in.length);
    }
    return findHeader(new FrameHeader(), in, from, limit);
  }

  private static int findHeader(FrameHeader header, byte[] in, int from, int limit) {
    int at = from;
    while (at < limit - 1) {
      if (at <= limit - Long.BYTES && !holdsOnes(BigEndian.readLong(in, at))) {
        at += Long.BYTES;
        continue;
      }
      for (int end = Math.min(at + Long.BYTES, limit - 1); at < end; at++) {
        if (in[at] == (byte) 0xff
            && (in[at + 1] & 0xfe) == 0xf8
            && header.read(in, at, limit) > 0) {
          return at;
        }
      }
    }
    return -1;
  }

  /// Whether one of eight bytes is 0xff, as a frame's first is.
  private static boolean holdsOnes(long word) {
    return (~word - 0x0101_0101_0101_0101L & word & 0x8080_8080_8080_8080L) != 0;
  }

  /// Searches for the frames of variable block size that seem to follow each other from an offset
  /// on: each has the number at which the one before it ends. None is decoded, so whoever reads one
  /// must look whether it ends where the next one was found.
  ///
  /// @param in is searched
  /// @param offset where the first frame begins
  /// @param limit the end of the bytes, which may cut the last frame off
  /// @param starts receives where the frames begin; no more are searched for than it has room for
  /// @return how many; 0 if no such frame begins at `offset`
  public static int findRow(byte[] in, int offset, int limit, int[] starts) {
    if (offset < 0 || limit > in.length || offset > limit) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + limit + " of an array of " + in.length);
    }
    FrameHeader header = new FrameHeader();
    int size = header.read(in, offset, limit);
    if (size < 0 || !header.variableBlockSize) {
      return 0;
    }
    int count = 0;
    int at = offset;
    while (count < starts.length && size > 0) {
      starts[count++] = at;
      long next = header.number + header.blockSize;
      at = findHeader(header, in, at + leastSize(header, size, in, at, limit), limit);
      while (at >= 0 && !(header.variableBlockSize && header.number == next)) {
        at = findHeader(header, in, at + 1, limit);
      }
      size = at < 0 ? 0 : header.read(in, at, limit);
    }
    return count;
  }

  /// How many bytes a frame has at least: those of its header, and of its first channel if that
  /// lies there as it is.
  private static int leastSize(
      FrameHeader header, int headerSize, byte[] in, int offset, int limit) {
    int subframe = offset + headerSize;
    boolean isPlain = subframe < limit && in[subframe] == PLAIN;
    return isPlain ? headerSize + 1 + header.blockSize * header.bitsPerSample / 8 : headerSize;
  }

  /// The CRC-16 of some bytes; that of a whole frame, footer included, is 0.
  ///
  /// @param in holds the bytes
  /// @param offset of the first
  /// @param length how many, 0 or more
  /// @return 16 bits
  public static int crc16(byte[] in, int offset, int length) {
    if (offset < 0 || length < 0 || length > in.length - offset) {
      throw new IndexOutOfBoundsException(
          length + " bytes at " + offset + " of an array of " + in.length);
    }
    return Crc16.of(in, offset, length);
  }
}
