package io.sonidb.sound;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes the boxes of ISO/IEC 14496-12: a size of 4 bytes, which is filled in when the box ends, a
/// name of 4 letters, and the contents. All numbers are big-endian. Not thread-safe.
final class Mp4Writer {
  private byte[] bytes;
  private int size;

  /// @param expected how many bytes there will be, roughly
  Mp4Writer(int expected) {
    bytes = new byte[Math.max(64, expected)];
  }

  /// How many bytes there are.
  int size() {
    return size;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  /// Begins a box; [#end] takes what this returns.
  int begin(String name) {
    int start = size;
    number(0, 4);
    text(name);
    return start;
  }

  /// Begins a box that has a version and flags.
  int begin(String name, int version, int flags) {
    int start = begin(name);
    number(version, 1);
    number(flags, 3);
    return start;
  }

  void end(int start) {
    set(start, size - start);
  }

  /// A box of which all contents are given.
  void box(String name, byte[] contents) {
    int start = begin(name);
    raw(contents, 0, contents.length);
    end(start);
  }

  /// Writes a number.
  ///
  /// @param count of its bytes, 1 to 8
  void number(long value, int count) {
    ensure(count);
    IdFormat.writeBigEndian(value, count, bytes, size);
    size += count;
  }

  void zeros(int count) {
    ensure(count);
    Arrays.fill(bytes, size, size + count, (byte) 0);
    size += count;
  }

  void text(String ascii) {
    byte[] letters = ascii.getBytes(StandardCharsets.US_ASCII);
    raw(letters, 0, letters.length);
  }

  void raw(byte[] from, int offset, int length) {
    ensure(length);
    System.arraycopy(from, offset, bytes, size, length);
    size += length;
  }

  /// Replaces a number of 4 bytes.
  void set(int at, int value) {
    IdFormat.writeBigEndian(Integer.toUnsignedLong(value), 4, bytes, at);
  }

  private void ensure(int count) {
    if (count > bytes.length - size) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, count), 2 * bytes.length));
    }
  }
}
