package io.sonidb.file;

import java.io.IOException;
import java.util.Arrays;

/// Lines of a text file as bytes, without their line end, of bounded length.
final class LineReader {

  /// The longest line that is read: 16,384 components take 0.4 MB, a payload of 1 MiB may take 6 MB
  /// as JSON with every character escaped.
  static final int MAX_LINE_BYTES = 8 << 20;

  private final ByteSource source;
  private byte[] line = new byte[1 << 14];
  private int length;
  private long number;

  LineReader(ByteSource source) throws IOException {
    this.source = source;
    skipByteOrderMark(source);
  }

  /// Skips the mark EF BB BF that some editors put in front of UTF-8.
  static void skipByteOrderMark(ByteSource source) throws IOException {
    if (Arrays.equals(source.peek(3), new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF})) {
      source.read(new byte[3], 0, 3);
    }
  }

  /// Goes to the next line.
  ///
  /// @return false at the end of the file
  boolean next() throws IOException {
    int b = source.read();
    if (b < 0) {
      return false;
    }
    number++;
    length = 0;
    while (b >= 0 && b != '\n') {
      if (length == MAX_LINE_BYTES) {
        throw source.malformed("line " + number, "is longer than " + MAX_LINE_BYTES + " bytes");
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, line.length * 2);
      }
      line[length++] = (byte) b;
      b = source.read();
    }
    if (length > 0 && line[length - 1] == '\r') {
      length--;
    }
    return true;
  }

  /// The line's bytes, [#length] of them; valid until the next line is read.
  byte[] bytes() {
    return line;
  }

  int length() {
    return length;
  }

  /// The line's number, from 1.
  long number() {
    return number;
  }

  boolean isBlank() {
    for (int i = 0; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t') {
        return false;
      }
    }
    return true;
  }
}
