package io.sonidb.server.webrtc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// The other end of one client's data channel. One thread uses it; any may ask whether it [is
/// open][#isOpen].
public interface Peer extends AutoCloseable {
  /// The session description that the client gets, with all candidates.
  String answer();

  /// Called once when the connection has ended, or at once if it has; not for long, and it must not
  /// call the peer.
  void onEnd(Runnable action);

  /// Waits for the client to connect and to open its channel.
  ///
  /// @return whether it did
  boolean awaitOpen(Duration timeout) throws InterruptedException;

  /// Whether there is a channel through which messages may go.
  boolean isOpen();

  /// Sends a message as soon as not too much waits to be sent.
  ///
  /// @param message binary; copied
  /// @param stall how long nothing of what waits may have been taken
  /// @throws IOException if the channel is closed, or stalls
  void send(ByteBuffer message, Duration stall) throws IOException, InterruptedException;

  /// Waits until the client, who has got an end, closes the channel; else closes it.
  ///
  /// @param timeout for that, and how long nothing of what waits to be sent may have been taken
  void finish(Duration timeout) throws InterruptedException;

  /// Closes the connection.
  @Override
  void close();
}
