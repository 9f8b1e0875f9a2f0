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
    while (true) {
      long sent = events.sent();
      if (!events.isOpen() || channel.getState() != RTCDataChannelState.OPEN) {
        throw new IOException("the viewer has closed its channel");
      }
      if (channel.getBufferedAmount() <= MAX_WAITING_BYTES) {
        break;
      }
      if (!events.awaitSent(sent, stall)) {
        throw new IOException("the viewer has taken nothing for " + stall.toSeconds() + " s");
      }
    }
    byte[] exactly = new byte[message.remaining()]; // it sends the whole of an array
    message.get(exactly);
    try {
      channel.send(new RTCDataChannelBuffer(ByteBuffer.wrap(exactly), true));
    } catch (Exception e) { // as the library declares it
      throw new IOException("the viewer cannot be sent to: " + e.getMessage(), e);
    }
  }

  @Override
  public void finish(Duration timeout) throws InterruptedException {
    if (isOpen()) {
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
