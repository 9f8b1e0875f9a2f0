package io.sonidb.server.http;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;

/// Unpacks a snapshot that somebody sent. It trusts nothing: only plain files are taken, only under
/// names such as a collection's files have, and none twice.
final class TarReader {
  // No dot begins a name, so no `..` leads out of the folder.
  private static final Pattern NAME =
      Pattern.compile("collections/c-[0-9a-f-]{36}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,60}){1,3}");
  private static final int MAX_FILES = 100_000;

  private TarReader() {}

  /// @throws ApiException if it is no tar file of a snapshot
  /// @throws IOException if the client went, or the disk refuses
  static void unpack(InputStream from, Path folder) throws IOException {
    byte[] buffer = new byte[1 << 16];
    byte[] header = new byte[TarWriter.BLOCK];
    int files = 0;
    while (true) {
      if (from.readNBytes(header, 0, header.length) < header.length) {
        throw wrong("it ends early");
      }
      if (isZero(header)) {
        break;
      }
      if (++files > MAX_FILES) {
        throw wrong("it has more than " + MAX_FILES + " files");
      }
      unpackOne(header, from, folder, buffer);
    }
    if (files == 0) {
      throw wrong("it is empty");
    }
    // What is left is read, too: it counts for the checksum.
    while (from.read(buffer) >= 0) {}
  }

  private static ApiException wrong(String why) {
    return ApiException.wrongInput("the snapshot is no tar file as this node makes them: " + why);
  }

  private static boolean isZero(byte[] block) {
    for (byte each : block) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }

  private static void unpackOne(byte[] header, InputStream from, Path folder, byte[] buffer)
      throws IOException {
    if (octal(header, 148, 8) != TarWriter.checksum(header)) {
      throw wrong("a checksum is wrong");
    }
    String name = text(header, 0, TarWriter.MAX_NAME);
    if (header[156] == '5' && octal(header, 124, 12) == 0) {
      return; // a folder, which the files in it tell of anyway
    }
    if (header[156] != '0' && header[156] != 0) {
      throw wrong("it holds something other than files");
    }
    if (!NAME.matcher(name).matches()) {
      throw wrong("it holds a file of another name");
    }
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder) || Files.exists(file)) {
      throw wrong("it holds a file twice");
    }
    Files.createDirectories(file.getParent());
    long size = octal(header, 124, 12);
    long left = size;
    try (OutputStream to =
        new BufferedOutputStream(
            Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
      while (left > 0) {
        int count = from.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (count < 0) {
          throw wrong("it ends early");
        }
        to.write(buffer, 0, count);
        left -= count;
      }
    }
    int padding = (int) (TarWriter.padded(size) - size);
    if (from.readNBytes(buffer, 0, padding) < padding) {
      throw wrong("it ends early");
    }
  }

  private static String text(byte[] from, int offset, int width) {
    int size = 0;
    while (size < width && from[offset + size] != 0) {
      size++;
    }
    return new String(from, offset, size, StandardCharsets.UTF_8);
  }

  private static long octal(byte[] from, int offset, int width) {
    String digits = text(from, offset, width).strip();
    try {
      return Long.parseLong(digits, 8);
    } catch (NumberFormatException e) {
      throw wrong("a number is none");
    }
  }
}
