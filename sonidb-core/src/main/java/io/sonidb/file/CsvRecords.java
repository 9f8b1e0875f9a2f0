package io.sonidb.file;

import io.sonidb.sound.Vector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Records of comma-separated values after RFC 4180: fields in double quotes may hold commas, line
/// ends and doubled quotes; lines end with LF or CRLF.
///
/// Written here, as it takes a page: a library would bring a jar and still not report the column.
final class CsvRecords {

  /// The most fields of a record: a vector, its id and its payload.
  private static final int MAX_FIELDS = Vector.MAX_DIMENSION + 2;

  private final ByteSource source;
  private byte[] text = new byte[1 << 14];
  private int size;
  private final int[] ends = new int[MAX_FIELDS];
  private final int[] columns = new int[MAX_FIELDS];
  private int count;
  private long line = 1;
  private long firstLine;
  private int column;

  CsvRecords(ByteSource source) throws IOException {
    this.source = source;
    LineReader.skipByteOrderMark(source);
  }

  /// Goes to the next record, past empty lines.
  ///
  /// @return false at the end of the file
  boolean next() throws IOException {
    do {
      size = 0;
      count = 0;
      column = 0;
      firstLine = line;
      if (source.peek(1).length == 0) {
        return false;
      }
      readRecord();
    } while (count == 1 && size == 0);
    return true;
  }

  int count() {
    return count;
  }

  /// The line where the record starts, from 1.
  long line() {
    return firstLine;
  }

  /// The text of a field without its quotes.
  String field(int index) throws IOException {
    int start = index == 0 ? 0 : ends[index - 1];
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(text, start, ends[index] - start))
          .toString();
    } catch (CharacterCodingException e) {
      throw malformed(index, "the field is no valid UTF-8");
    }
  }

  MalformedVectorFileException malformed(int index, String reason) {
    return malformedAt(firstLine, columns[index], reason);
  }

  private MalformedVectorFileException malformedAt(long atLine, int atColumn, String reason) {
    return source.malformed("line " + atLine + ", column " + atColumn, reason);
  }

  private void readRecord() throws IOException {
    int end;
    do {
      if (count == MAX_FIELDS) {
        throw malformedAt(line, column, "the record has more than " + MAX_FIELDS + " fields");
      }
      columns[count] = column + 1;
      end = readField();
      ends[count++] = size;
    } while (end == ',');
  }

  /// Reads one field and what ends it: a comma, a line feed, or -1 for the end of the file.
  private int readField() throws IOException {
    int c = read();
    if (c == '"') {
      readQuoted();
      c = read();
      if (c == '\r') {
        c = read();
      }
      if (c != ',' && c != '\n' && c != -1) {
        throw malformedAt(
            line, column, "a closing quote must be followed by a comma or a line end");
      }
      return c;
    }
    int start = size;
    while (c != ',' && c != '\n' && c != -1) {
      if (c == '"') {
        throw malformedAt(
            line, column, "a quote within a field; quote the whole field and double it");
      }
      append(c);
      c = read();
    }
    if (c != ',' && size > start && text[size - 1] == '\r') {
      size--;
    }
    return c;
  }

  private void readQuoted() throws IOException {
    long startLine = line;
    int startColumn = column;
    while (true) {
      int c = read();
      if (c == -1) {
        throw malformedAt(startLine, startColumn, "the quote opened here is never closed");
      }
      if (c == '"') {
        byte[] following = source.peek(1);
        if (following.length == 0 || following[0] != '"') {
          return;
        }
        read();
      }
      append(c);
    }
  }

  private void append(int c) throws IOException {
    if (size == LineReader.MAX_LINE_BYTES) {
      throw malformedAt(
          firstLine, 1, "the record is longer than " + LineReader.MAX_LINE_BYTES + " bytes");
    }
    if (size == text.length) {
      text = Arrays.copyOf(text, text.length * 2);
    }
    text[size++] = (byte) c;
  }

  private int read() throws IOException {
    int c = source.read();
    column++;
    if (c == '\n') {
      line++;
      column = 0;
    }
    return c;
  }
}
