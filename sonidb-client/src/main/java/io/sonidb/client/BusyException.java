package io.sonidb.client;

import java.net.URI;

/// The node has too much to do, or is stopping (429, 503), and had so at every attempt.
public final class BusyException extends RefusedException {
  private static final long serialVersionUID = 1L;

  BusyException(URI node, int status, String reason) {
    super(node, status, reason);
  }
}
