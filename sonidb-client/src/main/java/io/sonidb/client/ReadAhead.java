package io.sonidb.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/// The bytes of an answer, some of which may come before they are read. The JDK's own stream lets
/// one piece wait, so its reader and the connection wake each other for every piece.
///
/// One thread reads; another one may close it.
final class ReadAhead extends InputStream implements BodySubscriber<InputStream> {
  /// Pieces that may wait. One has up to `jdk.httpclient.bufsize` bytes, 16 KiB by default.
  private static final int MOST = 16;

  // Of the thread that reads.
  private Iterator<ByteBuffer> piece = Collections.emptyIterator();
  private ByteBuffer current = ByteBuffer.allocate(0);

  // Guarded by `waiting`.
  private final Deque<List<ByteBuffer>> waiting = new ArrayDeque<>();
  private Optional<Subscription> subscription = Optional.empty();
  private Optional<Throwable> failure = Optional.empty();
  private boolean ended;
  private boolean closed;

  @Override
  public CompletionStage<InputStream> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Subscription made) {
    boolean isWanted;
    synchronized (waiting) {
      isWanted = subscription.isEmpty() && !closed;
      if (isWanted) {
        subscription = Optional.of(made);
      }
    }
    if (isWanted) {
      made.request(MOST);
    } else {
      made.cancel();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    synchronized (waiting) {
      if (!closed) {
        waiting.add(buffers);
        waiting.notifyAll();
      }
    }
  }

  @Override
  public void onError(Throwable thrown) {
    synchronized (waiting) {
      failure = Optional.of(thrown);
      waiting.notifyAll();
    }
  }

  @Override
  public void onComplete() {
    synchronized (waiting) {
      ended = true;
      waiting.notifyAll();
    }
  }

  @Override
  public int read() throws IOException {
    return hasMore() ? current.get() & 0xFF : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    if (!hasMore()) {
      return -1;
    }
    int size = Math.min(length, current.remaining());
    current.get(into, offset, size);
    return size;
  }

  @Override
  public int available() {
    long bytes = current.remaining();
    synchronized (waiting) {
      for (List<ByteBuffer> each : waiting) {
        for (ByteBuffer buffer : each) {
          bytes += buffer.remaining();
        }
      }
    }
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }

  /// Waits until there is another byte; false if the answer has ended.
  private boolean hasMore() throws IOException {
    while (!current.hasRemaining()) {
      if (piece.hasNext()) {
        current = piece.next();
      } else {
        Optional<List<ByteBuffer>> next = await();
        if (next.isEmpty()) {
          return false;
        }
        piece = next.get().iterator();
      }
    }
    return true;
  }

  /// What comes next; nothing if the answer has ended.
  private Optional<List<ByteBuffer>> await() throws IOException {
    Optional<List<ByteBuffer>> next;
    synchronized (waiting) {
      while (waiting.isEmpty() && !ended && !closed && failure.isEmpty()) {
        try {
          waiting.wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while waiting for more of the answer");
        }
      }
      if (closed) {
        throw new IOException("closed");
      }
      next = Optional.ofNullable(waiting.poll());
      if (next.isEmpty() && failure.isPresent()) {
        throw new IOException(failure.get().getMessage(), failure.get());
      }
    }
    if (next.isPresent()) {
      subscription.orElseThrow().request(1);
    }
    return next;
  }

  @Override
  public void close() {
    Optional<Subscription> made;
    synchronized (waiting) {
      if (closed) {
        return;
      }
      closed = true;
      waiting.clear();
      waiting.notifyAll();
      made = ended || failure.isPresent() ? Optional.empty() : subscription;
    }
    made.ifPresent(Subscription::cancel);
  }
}
