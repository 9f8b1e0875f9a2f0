package io.sonidb.server.webrtc;

/// An offer cannot be answered.
public final class OfferException extends Exception {
  private static final long serialVersionUID = 1L;

  /// @param message for the client
  public OfferException(String message) {
    super(message);
  }
}
