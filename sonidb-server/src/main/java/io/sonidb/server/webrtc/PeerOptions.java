package io.sonidb.server.webrtc;

import java.util.List;

/// How peers find each other (RFC 8445).
///
/// @param iceServers addresses such as `stun:stun.example.com:3478` or `turn:turn.example.com`
/// @param username at TURN servers; empty for none
/// @param password at TURN servers; empty for none
/// @param minPort lowest UDP port; 0 for any
/// @param maxPort highest UDP port; 0 for any
public record PeerOptions(
    List<String> iceServers, String username, String password, int minPort, int maxPort) {
  /// Copies the list.
  public PeerOptions {
    iceServers = List.copyOf(iceServers);
  }

  /// Without the password.
  @Override
  public String toString() {
    return "PeerOptions[" + iceServers + ", ports " + minPort + " to " + maxPort + "]";
  }
}
