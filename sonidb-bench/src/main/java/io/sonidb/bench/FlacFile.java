package io.sonidb.bench;

import io.sonidb.flac.AudioFormat;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What `flac` reads and writes.
final class FlacFile {

  private FlacFile() {}

  static double sizeOfFrames(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    return bytes.length - metadataSize(bytes);
  }

  /// Where the first frame begins: behind the marker and blocks of a type, the high bit of which
  /// says that it is the last, a length of three bytes, and so many bytes.
  static int metadataSize(byte[] flac) {
    int at = 4;
    boolean last = false;
    while (!last) {
      last = flac[at] < 0;
      int length = (flac[at + 1] & 0xff) << 16 | (flac[at + 2] & 0xff) << 8 | (flac[at + 3] & 0xff);
      at += 4 + length;
    }
    return at;
  }

  /// Writes samples interleaved, low byte first.
  static void writePcm(Path file, AudioFormat format, List<int[][]> blocks, int repeats)
      throws IOException {
    int bytes = format.bitsPerSample() / 8;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      for (int repeat = 0; repeat < repeats; repeat++) {
        for (int[][] block : blocks) {
          for (int i = 0; i < block[0].length; i++) {
            for (int[] channel : block) {
              for (int b = 0; b < bytes; b++) {
                out.write(channel[i] >> (8 * b));
              }
            }
          }
        }
      }
    }
  }
}
