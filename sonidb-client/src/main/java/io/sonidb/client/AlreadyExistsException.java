package io.sonidb.client;

import java.net.URI;

/// There is one of that name already, or somebody else was first (409).
public final class AlreadyExistsException extends RefusedException {
  private static final long serialVersionUID = 1L;

  AlreadyExistsException(URI node, int status, String reason) {
    super(node, status, reason);
  }
}
