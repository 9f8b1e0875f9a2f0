package io.sonidb.ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// Sums a file up while it is being written, on a thread of its own that follows the writer:
/// SHA-256 takes longer than anything else that happens to a piece. What it reads was just written,
/// so it comes out of the memory of the file system.
final class FileSums implements AutoCloseable {
  private static final int STEP = 256 << 10;

  private final FileChannel file;
  private final CRC32 crc = new CRC32();
  private final MessageDigest sha256;
  private final Thread thread =
      Thread.ofPlatform().daemon().name("sonidb-ftp-sums").unstarted(this::run);
  // Guarded by this.
  private long written;
  private boolean ended;
  private boolean abandoned;
  private @Nullable IOException failure;

  private FileSums(FileChannel file) {
    this.file = file;
    try {
      this.sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /// What a file's bytes sum up to.
  ///
  /// @param sha256 64 hexadecimal digits
  record Sums(int crc32, String sha256) {}

  /// Begins to follow.
  ///
  /// @param written bytes that are there
  static FileSums follow(FileChannel file, long written) {
    FileSums sums = new FileSums(file);
    sums.written = written;
    sums.thread.start();
    return sums;
  }

  /// More bytes are there.
  synchronized void reached(long written) {
    this.written = written;
    notifyAll();
  }

  /// The sums of all bytes that were said to be there.
  ///
  /// @throws IOException if they cannot be read
  Sums sums() throws IOException {
    stop(false);
    synchronized (this) {
      if (failure != null) {
        throw failure;
      }
    }
    return new Sums((int) crc.getValue(), HexFormat.of().formatHex(sha256.digest()));
  }

  private void run() {
    ByteBuffer step = ByteBuffer.allocate(STEP);
    long at = 0;
    try {
      for (long end; (end = awaitMoreThan(at)) > at; ) {
        step.clear().limit((int) Math.min(STEP, end - at));
        int size = file.read(step, at);
        if (size < 0) {
          throw new IOException("the file ends at byte " + at);
        }
        crc.update(step.array(), 0, size);
        sha256.update(step.array(), 0, size);
        at += size;
      }
    } catch (IOException e) {
      synchronized (this) {
        failure = e;
      }
    }
  }

  private synchronized long awaitMoreThan(long at) throws IOException {
    try {
      while (written <= at && !ended) {
        wait();
      }
      return abandoned ? at : written;
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /// Ends, whether it has caught up or not.
  @Override
  public void close() {
    stop(true);
  }

  private void stop(boolean abandon) {
    synchronized (this) {
      ended = true;
      abandoned |= abandon;
      notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // it ends soon, and must not outlive the file
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
