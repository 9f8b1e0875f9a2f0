package io.sonidb.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Standard input that lets go of a reader who waits for more when the process is asked to end.
///
/// Nothing in Java ends a read that waits for a pipe or a keyboard. So a thread of its own reads, a
/// few chunks ahead, and is left behind.
final class InterruptibleInput extends InputStream {

  private static final int CHUNK_BYTES = 1 << 16;
  private static final int CHUNKS_AHEAD = 4;
  private static final long LOOK_MILLIS = 100;
  private static final byte[] END = {};

  private final InputStream in;
  private final Interruption interruption;
  private final BlockingQueue<byte[]> chunks = new ArrayBlockingQueue<>(CHUNKS_AHEAD);
  private final AtomicReference<Optional<IOException>> failure =
      new AtomicReference<>(Optional.empty());
  private byte[] chunk = {0};
  private int next = 1;
  private boolean started;

  InterruptibleInput(InputStream in, Interruption interruption) {
    this.in = in;
    this.interruption = interruption;
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
      Thread.ofPlatform().daemon().name("standard-input").start(this::readAhead);
    }
    try {
      byte[] chunkOrNone = chunks.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      while (chunkOrNone == null) {
        if (interruption.requested()) {
          throw new InterruptedIOException("interrupted");
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
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (read > 0) {
          chunks.put(Arrays.copyOf(buffer, read));
        }
      }
      chunks.put(END);
    } catch (IOException e) {
      failure.set(Optional.of(e));
      chunks.offer(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
