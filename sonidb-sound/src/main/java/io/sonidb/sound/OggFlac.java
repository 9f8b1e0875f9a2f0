package io.sonidb.sound;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// The FLAC stream in an Ogg stream (RFC 3533), as RFC 9639, section 10.1 lays it there.
///
/// ```
/// page    "OggS" version 1, flags 1, granule position 8, serial number 4, page number 4, CRC-32 4,
///         segments 1, a size for each segment 1, the segments; all little-endian
/// first page of a FLAC stream    0x7F "FLAC" major 1, minor 1, header packets 2, "fLaC" STREAMINFO
/// next packets                   one metadata block each
/// other packets                  one frame each
/// ```
///
/// What is in the packets, one behind the other, is a FLAC stream as it is in a file. So pages only
/// need to be found, checked and unwrapped; a page that is damaged or missing is a gap, which
/// whoever listens to the stream gets over. One logical stream is followed, from its first page to
/// the next first page of FLAC; when there was none yet, the stream of the first page heard.
final class OggFlac extends InputStream {
  static final int MAGIC = 0x4F676753;

  static final int HEAD_BYTES = 27;
  private static final int MAX_PAGE_BYTES = HEAD_BYTES + 255 + 255 * 255;
  private static final int FIRST_PAGE = 2;
  static final int FLAGS_AT = 5;
  static final int GRANULE_AT = 6;
  static final int SERIAL_AT = 14;
  static final int PAGE_AT = 18;
  static final int CRC_AT = 22;
  static final int SEGMENTS_AT = 26;

  /// In the first packet: where the FLAC stream's own bytes begin.
  private static final int MAPPING_BYTES = 9;

  /// How many bytes the CRC is computed of for each byte that comes, at most: pages may be false,
  /// and overlap. Bytes full of those use up what was saved, and then some of what looks like a
  /// page is passed by; behind them it is soon saved anew.
  private static final int CREDIT_PER_BYTE = 4;

  private static final int MAX_CREDIT_BYTES = 64 * MAX_PAGE_BYTES;
  private static final byte[] MAPPING = {0x7F, 'F', 'L', 'A', 'C'};
  private static final int POLYNOMIAL = 0x04C11DB7;
  private static final int[] CRC = crcTable();

  private final InputStream in;
  private final byte[] buffer = new byte[2 * MAX_PAGE_BYTES];
  private int at;
  private int end;
  private boolean ended;

  // What is left of the page that is being read.
  private int contentAt;
  private int contentEnd;

  private boolean following;
  private int serial;
  private long skippedBytes;
  private long pages;
  private long otherPages;
  private int creditBytes = MAX_CREDIT_BYTES;

  OggFlac(InputStream in) {
    this.in = in;
  }

  private static int[] crcTable() {
    int[] table = new int[256];
    for (int i = 0; i < table.length; i++) {
      int crc = i << 24;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc << 1 ^ (crc < 0 ? POLYNOMIAL : 0);
      }
      table[i] = crc;
    }
    return table;
  }

  /// Bytes so far that belong to no whole page.
  long skippedBytes() {
    return skippedBytes;
  }

  /// Whether there were pages, and none of them of FLAC.
  boolean holdsOnlyOther() {
    return pages == 0 && otherPages > 0;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (contentAt == contentEnd) {
      if (!nextPage()) {
        return -1;
      }
    }
    int count = Math.min(length, contentEnd - contentAt);
    System.arraycopy(buffer, contentAt, into, offset, count);
    contentAt += count;
    return count;
  }

  /// Moves on to the next whole page of the stream; returns whether there is one.
  private boolean nextPage() throws IOException {
    while (has(HEAD_BYTES)) {
      int size = pageSize();
      int step = size < 0 ? 1 : size;
      creditBytes = Math.min(MAX_CREDIT_BYTES, creditBytes + CREDIT_PER_BYTE * step);
      if (size < 0) {
        at++;
        skippedBytes++;
        continue;
      }
      int flags = buffer[at + FLAGS_AT];
      int stream = littleEndian(at + SERIAL_AT);
      int content = at + HEAD_BYTES + (buffer[at + SEGMENTS_AT] & 0xFF);
      int pageEnd = at + size;
      at = pageEnd;
      boolean first = (flags & FIRST_PAGE) != 0;
      boolean flac = first && isMapping(content, pageEnd);
      if (flac || (!first && !following)) {
        following = true;
        serial = stream;
      }
      if (following && serial == stream && (flac || !first)) {
        pages++;
        contentAt = flac ? content + MAPPING_BYTES : content;
        contentEnd = pageEnd;
        return true;
      }
      otherPages++;
    }
    skippedBytes += end - at;
    at = end;
    return false;
  }

  private boolean isMapping(int from, int to) {
    return to - from > MAPPING_BYTES
        && Arrays.equals(buffer, from, from + MAPPING.length, MAPPING, 0, MAPPING.length);
  }

  /// The size of the page at `at`, or -1 when there is none, or none that is whole and undamaged.
  private int pageSize() throws IOException {
    if (bigEndian(at) != MAGIC || buffer[at + 4] != 0) {
      return -1;
    }
    int segments = buffer[at + SEGMENTS_AT] & 0xFF;
    if (!has(HEAD_BYTES + segments)) {
      return -1;
    }
    int size = HEAD_BYTES + segments;
    for (int i = 0; i < segments; i++) {
      size += buffer[at + HEAD_BYTES + i] & 0xFF;
    }
    if (size > creditBytes || !has(size)) {
      return -1;
    }
    creditBytes -= size;
    return crc(buffer, at, size) == littleEndian(at + CRC_AT) ? size : -1;
  }

  /// The CRC-32 of RFC 3533, section 6: the field itself counts as zeros.
  static int crc(byte[] page, int from, int size) {
    int crc = 0;
    for (int i = 0; i < size; i++) {
      boolean field = i >= CRC_AT && i < CRC_AT + 4;
      int value = field ? 0 : page[from + i] & 0xFF;
      crc = crc << 8 ^ CRC[crc >>> 24 ^ value];
    }
    return crc;
  }

  /// Reads until `count` bytes lie from `at` on; returns whether there are as many. Content that
  /// was not taken yet is lost; nobody asks for more while there is some.
  private boolean has(int count) throws IOException {
    if (buffer.length - at < count) {
      System.arraycopy(buffer, at, buffer, 0, end - at);
      end -= at;
      at = 0;
    }
    while (end - at < count && !ended) {
      int read = in.read(buffer, end, buffer.length - end);
      ended = read < 0;
      end += Math.max(0, read);
    }
    return end - at >= count;
  }

  private int bigEndian(int offset) {
    return (int) IdFormat.readBigEndian(buffer, offset, 4);
  }

  private int littleEndian(int offset) {
    return Integer.reverseBytes(bigEndian(offset));
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
