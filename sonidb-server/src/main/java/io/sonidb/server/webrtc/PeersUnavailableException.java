package io.sonidb.server.webrtc;

/// WebRTC does not work on this machine.
public final class PeersUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  /// @param message what is missing, and what to install
  public PeersUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
