package io.sonidb.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// An input that lets go of a reader who waits for more when the process is asked to end, or when
/// nothing has come for too long.
///
/// Nothing in Java ends a read that waits for a pipe, a keyboard or a server. So a thread of its
/// own reads, a few chunks ahead, and is left behind.
final class InterruptibleInput extends InputStream {

  private static final int CHUNK_BYTES = 1 << 16;
  private static final int CHUNKS_AHEAD = 4;
  private static final long LOOK_MILLIS = 100;
  private static final byte[] END = {};

  private final InputStream in;
  private final Interruption interruption;
  private final Optional<Duration> patience;
  private final BlockingQueue<byte[]> chunks = new ArrayBlockingQueue<>(CHUNKS_AHEAD);
  private final AtomicReference<Optional<IOException>> failure =
      new AtomicReference<>(Optional.empty());
  private byte[] chunk = {0};
  private int next = 1;
  private boolean started;

  /// @param patience how long nothing may come; empty for ever
  InterruptibleInput(InputStream in, Interruption interruption, Optional<Duration> patience) {
    this.in = in;
    this.interruption = interruption;
    this.patience = patience;
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
    if (next == chunk.length && chunk.length > 0) {
      chunk = await();
      next = 0;
    }
    if (chunk.length == 0) {
      Optional<IOException> failed = failure.get();
      if (failed.isPresent()) {
        throw failed.get();
      }
      return -1;
    }
    int count = Math.min(length, chunk.length - next);
    System.arraycopy(chunk, next, into, offset, count);
    next += count;
    return count;
  }

  private byte[] await() throws IOException {
    if (!started) {
      started = true;
      Thread.ofPlatform().daemon().name("input").start(this::readAhead);
    }
    long start = System.nanoTime();
    try {
      byte[] chunkOrNone = chunks.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      while (chunkOrNone == null) {
        if (interruption.requested()) {
          throw new InterruptedIOException("interrupted");
        }
        if (patience.isPresent() && System.nanoTime() - start > patience.get().toNanos()) {
          throw new IOException("nothing came for " + patience.get().toMillis() / 1000.0 + " s");
        }
        chunkOrNone = chunks.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      }
      return chunkOrNone;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private void readAhead() {
    byte[] buffer = new byte[CHUNK_BYTES];
    try {
      try {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          if (read > 0) {
            chunks.put(Arrays.copyOf(buffer, read));
          }
        }
      } catch (IOException e) {
        failure.set(Optional.of(e));
      }
      chunks.put(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
