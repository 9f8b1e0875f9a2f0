package io.sonidb.server.webrtc;

/// Where peers come from; looked up by [java.util.ServiceLoader] when the first offer comes.
public interface PeerProvider {
  /// Loads what is needed.
  ///
  /// @throws PeersUnavailableException if something is missing on this machine
  Peers start(PeerOptions options) throws PeersUnavailableException;
}
