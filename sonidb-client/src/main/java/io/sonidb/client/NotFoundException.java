package io.sonidb.client;

import java.net.URI;

/// There is no such collection, point or snapshot (404).
public final class NotFoundException extends RefusedException {
  private static final long serialVersionUID = 1L;

  NotFoundException(URI node, int status, String reason) {
    super(node, status, reason);
  }
}
