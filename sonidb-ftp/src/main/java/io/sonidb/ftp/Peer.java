package io.sonidb.ftp;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// The other end of data connections.
///
/// @param address of the only machine that they may come from and go to
/// @param firstPort first port there that they may go to
/// @param lastPort last one
/// @param certificate that it must show, by its SHA-256 in 64 hexadecimal digits
public record Peer(InetAddress address, int firstPort, int lastPort, String certificate) {
  static final int LEAST_PORT = 1024;
  static final int MOST_PORT = 65_535;

  /// Of a peer that has no TLS, with which files can be exchanged only without.
  static final String NO_CERTIFICATE = "0".repeat(64);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public Peer {
    if (firstPort < LEAST_PORT || lastPort > MOST_PORT || firstPort > lastPort) {
      throw new IllegalArgumentException(
          "a peer's ports must be from 1024 to 65535, were " + firstPort + " to " + lastPort);
    }
    checkCertificate(certificate);
  }

  static void checkCertificate(String sha256) {
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "a certificate's SHA-256 must be 64 hexadecimal digits, was '" + sha256 + "'");
    }
  }

  boolean listensAt(InetSocketAddress target) {
    return address.equals(target.getAddress())
        && target.getPort() >= firstPort
        && target.getPort() <= lastPort;
  }
}
