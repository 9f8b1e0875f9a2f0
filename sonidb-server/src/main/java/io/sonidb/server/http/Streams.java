package io.sonidb.server.http;

import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;

/// The answers without end that are under way: how many there may be, the buffers that they take
/// while they have something to send, and their end when the node stops.
final class Streams implements AutoCloseable {
  /// Bytes of a buffer: what is on its way to one reader at most, beside the sockets' own buffers.
  static final int BUFFER_BYTES = 1 << 17;

  /// Buffers that are kept when nobody needs them.
  private static final int SPARE_BUFFERS = 16;

  private static final int HTTP_2 = 20;

  private final NodeConfig.Streams limits;
  private final Duration idle;
  private final Semaphore room;
  private final Set<Stream> open = ConcurrentHashMap.newKeySet();
  private final BlockingQueue<byte[]> buffers = new ArrayBlockingQueue<>(SPARE_BUFFERS);
  private final Thread watcher;
  private volatile boolean closed;

  /// @param idle after which it is looked whether a client is still there
  Streams(NodeConfig.Streams limits, Duration idle) {
    this.limits = limits;
    this.idle = idle;
    this.room = new Semaphore(limits.most());
    this.watcher = Thread.ofVirtual().name("sonidb-streams").start(this::watch);
  }

  /// How many are under way.
  int count() {
    return limits.most() - room.availablePermits();
  }

  /// How long one may be without anything to say.
  Duration heartbeat() {
    return Duration.ofSeconds(limits.heartbeatSeconds());
  }

  /// A place among the streams.
  @FunctionalInterface
  interface Place extends AutoCloseable {
    @Override
    void close();
  }

  /// Begins a stream.
  ///
  /// @param end of this stream and no other: ends it from another thread, when the node stops or
  ///   the client has gone
  /// @throws ApiException if there are too many
  Place enter(Request request, Runnable end) {
    if (!room.tryAcquire()) {
      throw ApiException.of(
          503,
          "Service unavailable: there are "
              + limits.most()
              + " streams already (http.max_streams); try again later");
    }
    Stream stream = new Stream(request, end);
    open.add(stream);
    if (closed) {
      end.run();
    }
    request.addFailureListener(_ -> end.run());
    return () -> {
      open.remove(stream);
      stream.leave(closed);
      room.release();
    };
  }

  /// A stream that is under way. It may be idle for as long as somebody listens, so Jetty's limit
  /// is lifted meanwhile: when that comes at the moment of a write, it breaks the write.
  private static final class Stream {
    private static final long NO_LIMIT_MILLIS = Duration.ofDays(365).toMillis();
    private static final long LIMIT_AT_THE_END_MILLIS = 1000;

    private final Request request;
    private final Runnable end;
    private final AtomicLong limitMillis = new AtomicLong();
    private boolean left;

    Stream(Request request, Runnable end) {
      this.request = request;
      this.end = end;
      request.addHttpStreamWrapper(http -> {
        limitMillis.set(http.getIdleTimeout());
        http.setIdleTimeout(NO_LIMIT_MILLIS);
        return http;
      });
    }

    /// Ends it if its client has gone.
    synchronized void look() {
      if (!left && hasGone(request)) {
        end.run();
      }
    }

    /// @param isTheEnd of all; then nobody waits for what else comes on the connection
    synchronized void leave(boolean isTheEnd) {
      left = true;
      request.addHttpStreamWrapper(http -> {
        http.setIdleTimeout(isTheEnd ? LIMIT_AT_THE_END_MILLIS : limitMillis.get());
        return http;
      });
    }
  }

  /// Looks after those who listen, and may have gone without a word.
  private void watch() {
    try {
      while (!closed) {
        Thread.sleep(idle);
        open.forEach(Stream::look);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Whether the client has closed its connection. With HTTP/2 the failure listener hears that;
  /// with HTTP/1.1 nobody reads while an answer is under way.
  private static boolean hasGone(Request request) {
    if (request.getConnectionMetaData().getHttpVersion().getVersion() >= HTTP_2) {
      return false;
    }
    EndPoint client = request.getConnectionMetaData().getConnection().getEndPoint();
    ByteBuffer some = ByteBuffer.allocate(1).limit(0);
    try {
      if (client.fill(some) == 0) {
        return false;
      }
    } catch (IOException e) {
      // It broke.
    }
    // What it sent, if anything, was no part of this request, and is lost.
    client.close();
    return true;
  }

  /// Sends pieces out of a shared buffer.
  @FunctionalInterface
  interface Filling {
    int fill(byte[] buffer);
  }

  /// Fills a buffer and sends what is in it.
  ///
  /// @return how many bytes; 0 if there was nothing
  int send(PacedOutput out, Filling filling) throws IOException {
    byte[] spare = buffers.poll();
    byte[] buffer = spare == null ? new byte[BUFFER_BYTES] : spare;
    int size = filling.fill(buffer);
    if (size > 0) {
      out.write(false, ByteBuffer.wrap(buffer, 0, size)); // if it fails the buffer is in use
    }
    buffers.offer(buffer);
    return size;
  }

  /// Ends all of them.
  @Override
  public void close() {
    closed = true;
    open.forEach(stream -> stream.end.run());
    watcher.interrupt();
  }
}
