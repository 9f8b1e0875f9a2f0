package io.sonidb.webrtc;

import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelState;
import dev.onvoid.webrtc.RTCPeerConnection;
import io.sonidb.server.webrtc.Peer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// A connection. The library queues without limit and says how much waits; so who sends waits, too.
final class NativePeer implements Peer {
  /// Bytes that may wait to be sent.
  private static final long MAX_WAITING_BYTES = 4 << 20;

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  private final RTCPeerConnection connection;
  private final ChannelEvents events;
  private final String answer;
  private boolean closed;

  NativePeer(RTCPeerConnection connection, ChannelEvents events, String answer) {
    this.connection = connection;
    this.events = events;
    this.answer = answer;
  }

  @Override
  public String answer() {
    return answer;
  }

  @Override
  public void onEnd(Runnable action) {
    events.onEnd(action);
  }

  @Override
  public boolean awaitOpen(Duration timeout) throws InterruptedException {
    return events.awaitOpen(timeout);
  }

  @Override
  public boolean isOpen() {
    return events.isOpen();
  }

  @Override
  public void send(ByteBuffer message, Duration stall) throws IOException, InterruptedException {
    RTCDataChannel channel = events.channel();
    if (!awaitWaiting(channel, MAX_WAITING_BYTES, stall)) {
      throw new IOException(
          events.isOpen()
              ? "the viewer has taken nothing for " + stall.toSeconds() + " s"
              : "the viewer has closed its channel");
    }
    byte[] exactly = new byte[message.remaining()]; // it sends the whole of an array
    message.get(exactly);
    try {
      channel.send(new RTCDataChannelBuffer(ByteBuffer.wrap(exactly), true));
    } catch (Exception e) { // as the library declares it
      throw new IOException("the viewer cannot be sent to: " + e.getMessage(), e);
    }
  }

  /// Waits until no more than that waits to be sent.
  ///
  /// @param stall how long it may not become less
  /// @return whether that came about
  private boolean awaitWaiting(RTCDataChannel channel, long most, Duration stall)
      throws InterruptedException {
    long least = Long.MAX_VALUE;
    long lastProgress = System.nanoTime();
    while (events.isOpen() && channel.getState() == RTCDataChannelState.OPEN) {
      long sent = events.sent();
      long waiting = channel.getBufferedAmount();
      if (waiting <= most) {
        return true;
      }
      if (waiting < least) {
        least = waiting;
        lastProgress = System.nanoTime();
      } else if (System.nanoTime() - lastProgress > stall.toNanos()) {
        return false;
      }
      events.awaitSent(sent, LOOK_AGAIN); // it is not told of everything
    }
    return false;
  }

  @Override
  public void finish(Duration timeout) throws InterruptedException {
    // Closing takes back what still waits here, and some clients drop what is still on its way: so
    // the client, who knows when it has all, goes first.
    if (isOpen()
        && awaitWaiting(events.channel(), 0, timeout)
        && !events.awaitEnd(timeout)
        && isOpen()) {
      events.channel().close();
      events.awaitEnd(timeout);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      connection.close();
      events.dispose();
    }
  }
}
