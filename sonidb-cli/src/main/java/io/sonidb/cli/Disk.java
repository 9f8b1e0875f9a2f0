package io.sonidb.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/// What the disk itself gives, to judge a database on it by.
final class Disk {

  private static final int CHUNK_BYTES = 1 << 20;
  private static final int CHUNKS = 512;

  private Disk() {}

  /// How long it takes to append so many bytes to a growing file and fsync it.
  static Latencies syncs(Path folder, int bytes, int count) throws IOException {
    Latencies latencies = new Latencies();
    ByteBuffer block = randomBytes(bytes);
    try (Scratch scratch = Scratch.in(folder)) {
      for (int i = 0; i < count; i++) {
        long start = System.nanoTime();
        writeFully(scratch.channel(), block.rewind());
        scratch.channel().force(false);
        latencies.add(System.nanoTime() - start);
      }
    }
    return latencies;
  }

  /// Rate at which 512 MiB are written and fsynced, in million bytes a second.
  static double writeMegabytesPerSecond(Path folder) throws IOException {
    ByteBuffer chunk = randomBytes(CHUNK_BYTES);
    try (Scratch scratch = Scratch.in(folder)) {
      long start = System.nanoTime();
      for (int i = 0; i < CHUNKS; i++) {
        writeFully(scratch.channel(), chunk.rewind());
      }
      scratch.channel().force(false);
      return (double) CHUNKS * CHUNK_BYTES / 1e6 / ((System.nanoTime() - start) / 1e9);
    }
  }

  /// A file that goes away.
  private record Scratch(Path file, FileChannel channel) implements AutoCloseable {

    static Scratch in(Path folder) throws IOException {
      Path file = Files.createTempFile(folder, "disk-", ".tmp");
      return new Scratch(file, FileChannel.open(file, StandardOpenOption.WRITE));
    }

    @Override
    public void close() throws IOException {
      channel.close();
      Files.delete(file);
    }
  }

  /// Bytes that no file system compresses away.
  private static ByteBuffer randomBytes(int count) {
    byte[] bytes = new byte[count];
    new SplittableRandom(3).nextBytes(bytes);
    return ByteBuffer.allocateDirect(count).put(bytes);
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
