package io.sonidb.client;

import java.net.URI;

/// What was sent is malformed, out of range or too large (400, 413, 422).
public final class BadRequestException extends RefusedException {
  private static final long serialVersionUID = 1L;

  BadRequestException(URI node, int status, String reason) {
    super(node, status, reason);
  }
}
