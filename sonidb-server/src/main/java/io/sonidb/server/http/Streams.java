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
  private final Semaphore room;
  private final Set<Runnable> open = ConcurrentHashMap.newKeySet();
  private final BlockingQueue<byte[]> buffers = new ArrayBlockingQueue<>(SPARE_BUFFERS);
  private volatile boolean closed;

  Streams(NodeConfig.Streams limits) {
    this.limits = limits;
    this.room = new Semaphore(limits.most());
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
    open.add(end);
    if (closed) {
      end.run();
    }
    request.addFailureListener(_ -> end.run());
    // An idle stream is in order as long as somebody listens.
    request.addIdleTimeoutListener(_ -> {
      if (hasGone(request)) {
        end.run();
      }
      return false;
    });
    return () -> {
      open.remove(end);
      room.release();
    };
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
    open.forEach(Runnable::run);
  }
}
