package io.sonidb.server.webrtc;

/// Answers offers of WebRTC. Thread-safe.
public interface Peers extends AutoCloseable {
  /// Takes an offer of one data channel.
  ///
  /// @param offer session description (RFC 8866) of a client that opens the channel
  /// @return its peer, which waits for the client to connect
  /// @throws OfferException if it makes no sense, or nothing can be agreed on
  Peer accept(String offer) throws OfferException, InterruptedException;

  /// Unloads what can be unloaded, when all peers are closed.
  @Override
  void close();
}
