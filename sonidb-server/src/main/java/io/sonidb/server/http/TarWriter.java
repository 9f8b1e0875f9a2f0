package io.sonidb.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Makes one stream of the files of a folder: POSIX `ustar`, so that any `tar` reads it. The same
/// files give the same bytes: in the order of their names, without times and owners.
final class TarWriter {
  static final int BLOCK = 512;
  static final int MAX_NAME = 100;

  private static final long MAX_SIZE = (1L << 33) - 1;

  private final Path root;
  private final List<Path> files;

  private TarWriter(Path root, List<Path> files) {
    this.root = root;
    this.files = files;
  }

  /// @param leftOut name of a file that does not belong to it
  static TarWriter of(Path root, String leftOut) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return new TarWriter(
          root,
          all.filter(Files::isRegularFile)
              .filter(file -> !file.endsWith(leftOut))
              .sorted()
              .toList());
    }
  }

  /// Bytes of the stream.
  long size() throws IOException {
    long size = 2L * BLOCK;
    for (Path file : files) {
      size += BLOCK + padded(Files.size(file));
    }
    return size;
  }

  static long padded(long size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
  }

  void write(OutputStream to) throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (Path file : files) {
      long size = Files.size(file);
      to.write(header(root.relativize(file).toString().replace('\\', '/'), size));
      long left = size;
      try (InputStream in = Files.newInputStream(file)) {
        while (left > 0) {
          int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
          if (count < 0) {
            throw new IOException(file + " became shorter while it was read");
          }
          to.write(buffer, 0, count);
          left -= count;
        }
      }
      to.write(new byte[(int) (padded(size) - size)]);
    }
    to.write(new byte[2 * BLOCK]);
  }

  private static byte[] header(String name, long size) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_NAME || size > MAX_SIZE) {
      throw new IOException(name + " does not fit into a tar file");
    }
    byte[] header = new byte[BLOCK];
    System.arraycopy(bytes, 0, header, 0, bytes.length);
    octal(0644, header, 100, 8);
    octal(0, header, 108, 8);
    octal(0, header, 116, 8);
    octal(size, header, 124, 12);
    octal(0, header, 136, 12);
    header[156] = '0';
    text("ustar", header, 257);
    text("00", header, 263);
    octal(checksum(header), header, 148, 7);
    header[155] = ' ';
    return header;
  }

  private static void octal(long value, byte[] to, int offset, int width) {
    String digits = Long.toOctalString(value);
    text("0".repeat(width - 1 - digits.length()) + digits, to, offset);
  }

  private static void text(String text, byte[] to, int offset) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, to, offset, bytes.length);
  }

  /// Sum of the bytes of a header, those of the sum itself counted as spaces.
  static long checksum(byte[] header) {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xFF;
    }
    return sum;
  }
}
