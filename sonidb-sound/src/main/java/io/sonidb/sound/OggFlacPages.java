package io.sonidb.sound;

import java.util.Arrays;

/// Wraps a FLAC stream into the pages of an Ogg stream (RFC 3533, and RFC 9639, section 10.1), a
/// page for each packet, so that whoever listens has each frame as soon as it is sent. [OggFlac]
/// shows the bytes, and reads them.
///
/// Not thread-safe.
public final class OggFlacPages {
  /// No page is more longer than the packet in it, if that packet is a frame of a record.
  public static final int MAX_GROWTH = OggFlac.HEAD_BYTES + 255;

  private static final int MARKER_BYTES = 4;
  private static final int BLOCK_HEAD_BYTES = 4;
  private static final int LAST_BLOCK = 0x80;
  private static final int LONGEST_LACING = 255;
  private static final int MAX_PACKET_BYTES = 255 * 255 - 1;
  private static final int CONTINUED = 1;
  private static final int FIRST = 2;
  private static final int LAST = 4;
  private static final long NO_PACKET_ENDS = -1;

  private final int serial;
  private int pages;
  private long granule;

  /// @param seed any number; a stream's serial number is made of it
  public OggFlacPages(long seed) {
    this.serial = (int) IdFormat.fingerprint(seed);
  }

  /// The pages that a stream begins with.
  ///
  /// @param flac a native stream's head: its marker and all metadata blocks, STREAMINFO first
  /// @throws IllegalArgumentException if it is none
  public byte[] head(byte[] flac) {
    byte[] out = new byte[flac.length + 512 + flac.length / LONGEST_LACING * (MAX_GROWTH + 1)];
    int first = MARKER_BYTES + blockBytes(flac, MARKER_BYTES);
    int blocks = 0;
    for (int at = first; at < flac.length; at += blockBytes(flac, at)) {
      blocks++;
    }
    byte[] mapping = {0x7F, 'F', 'L', 'A', 'C', 1, 0, (byte) (blocks >>> 8), (byte) blocks};
    byte[] packet = Arrays.copyOf(mapping, mapping.length + first);
    System.arraycopy(flac, 0, packet, mapping.length, first);
    int size = page(packet, 0, packet.length, FIRST, 0, out, 0);
    for (int at = first; at < flac.length; at += blockBytes(flac, at)) {
      size += packet(flac, at, blockBytes(flac, at), out, size);
    }
    return Arrays.copyOf(out, size);
  }

  private static int blockBytes(byte[] flac, int at) {
    long size =
        flac.length - at < BLOCK_HEAD_BYTES
            ? flac.length
            : BLOCK_HEAD_BYTES + IdFormat.readBigEndian(flac, at + 1, 3);
    boolean isLast = at + size == flac.length;
    if (size > flac.length - at || isLast != ((flac[at] & LAST_BLOCK) != 0)) {
      throw new IllegalArgumentException("no FLAC metadata block at offset " + at);
    }
    return (int) size;
  }

  /// A packet of the head, which may be longer than a page.
  private int packet(byte[] in, int offset, int length, byte[] out, int outOffset) {
    int at = outOffset;
    int done = 0;
    while (length - done > MAX_PACKET_BYTES) {
      at +=
          write(
              in,
              offset + done,
              MAX_PACKET_BYTES + 1,
              LONGEST_LACING,
              done > 0 ? CONTINUED : 0,
              NO_PACKET_ENDS,
              out,
              at);
      done += MAX_PACKET_BYTES + 1;
    }
    at += page(in, offset + done, length - done, done > 0 ? CONTINUED : 0, 0, out, at);
    return at - outOffset;
  }

  /// Writes the page of a frame.
  ///
  /// @param in holds the frame; may be `out`, with the frame [#MAX_GROWTH] or more behind
  ///   `outOffset`
  /// @param offset of its first byte
  /// @param length of it, up to 65,024 bytes; no frame of a record is longer
  /// @param endSample samples in the stream up to the frame's end
  /// @param out receives the page, up to `length` + [#MAX_GROWTH] bytes
  /// @param outOffset where it begins
  /// @return the page's length in bytes
  public int page(byte[] in, int offset, int length, long endSample, byte[] out, int outOffset) {
    if (length > MAX_PACKET_BYTES) {
      throw new IllegalArgumentException(
          "a frame must be up to " + MAX_PACKET_BYTES + " bytes, was " + length);
    }
    granule = endSample;
    return page(in, offset, length, 0, endSample, out, outOffset);
  }

  /// The page that says that nothing follows.
  public byte[] end() {
    byte[] out = new byte[OggFlac.HEAD_BYTES];
    write(out, 0, 0, 0, LAST, granule, out, 0);
    return out;
  }

  private int page(
      byte[] in, int offset, int length, int flags, long endSample, byte[] out, int at) {
    // The last segment is shorter than 255, if need be empty: so the packet ends in the page.
    return write(in, offset, length, length / LONGEST_LACING + 1, flags, endSample, out, at);
  }

  private int write(
      byte[] in,
      int offset,
      int length,
      int segments,
      int flags,
      long endSample,
      byte[] out,
      int at) {
    int head = OggFlac.HEAD_BYTES + segments;
    // First, as it may lie where nothing else is written.
    System.arraycopy(in, offset, out, at + head, length);
    IdFormat.writeBigEndian(OggFlac.MAGIC, 4, out, at);
    out[at + 4] = 0;
    out[at + OggFlac.FLAGS_AT] = (byte) flags;
    IdFormat.writeBigEndian(Long.reverseBytes(endSample), 8, out, at + OggFlac.GRANULE_AT);
    littleEndian(serial, out, at + OggFlac.SERIAL_AT);
    littleEndian(pages++, out, at + OggFlac.PAGE_AT);
    littleEndian(0, out, at + OggFlac.CRC_AT);
    out[at + OggFlac.SEGMENTS_AT] = (byte) segments;
    for (int i = 0; i < segments; i++) {
      out[at + OggFlac.HEAD_BYTES + i] =
          (byte) Math.min(LONGEST_LACING, length - i * LONGEST_LACING);
    }
    int size = head + length;
    littleEndian(OggFlac.crc(out, at, size), out, at + OggFlac.CRC_AT);
    return size;
  }

  private static void littleEndian(int value, byte[] out, int at) {
    IdFormat.writeBigEndian(Integer.toUnsignedLong(Integer.reverseBytes(value)), 4, out, at);
  }
}
