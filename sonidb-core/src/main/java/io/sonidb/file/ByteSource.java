package io.sonidb.file;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;

/// Bytes of a file or a stream, with their position, their number where it is known, and errors
/// that name both.
final class ByteSource implements Closeable {

  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final String name;
  private final OptionalLong size;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int limit;
  private long consumed;

  private ByteSource(InputStream in, String name, OptionalLong size) {
    this.in = in;
    this.name = name;
    this.size = size;
  }

  static ByteSource open(Path file) throws IOException {
    // A pipe or a device has a size of 0 that says nothing.
    OptionalLong size =
        Files.isRegularFile(file) ? OptionalLong.of(Files.size(file)) : OptionalLong.empty();
    return new ByteSource(Files.newInputStream(file), file.toString(), size);
  }

  static ByteSource of(InputStream in, String name) {
    return new ByteSource(in, name, OptionalLong.empty());
  }

  String name() {
    return name;
  }

  /// Offset of the next byte.
  long position() {
    return consumed + next;
  }

  /// Size of the whole file, if it is a regular file.
  OptionalLong size() {
    return size;
  }

  /// The next `count` bytes, or fewer at the end, without consuming them.
  byte[] peek(int count) throws IOException {
    while (limit - next < count && fill()) {}
    return Arrays.copyOfRange(buffer, next, Math.min(limit, next + count));
  }

  /// The next byte, or -1 at the end.
  int read() throws IOException {
    if (next == limit && !fill()) {
      return -1;
    }
    return buffer[next++] & 0xFF;
  }

  /// Reads until `length` bytes are there or the source ends.
  ///
  /// @return how many were read
  int read(byte[] into, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (next == limit && !fill()) {
        return done;
      }
      int some = Math.min(length - done, limit - next);
      System.arraycopy(buffer, next, into, offset + done, some);
      next += some;
      done += some;
    }
    return done;
  }

  private boolean fill() throws IOException {
    System.arraycopy(buffer, next, buffer, 0, limit - next);
    consumed += next;
    limit -= next;
    next = 0;
    int some = in.read(buffer, limit, buffer.length - limit);
    limit += Math.max(some, 0);
    return some > 0;
  }

  MalformedVectorFileException malformed(String place, String reason) {
    return new MalformedVectorFileException(name, place, reason);
  }

  MalformedVectorFileException malformedAt(long offset, String reason) {
    return malformed("byte " + offset, reason);
  }

  UnsupportedVectorFileException unsupported(String place, String reason) {
    return new UnsupportedVectorFileException(name, place, reason);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
