package io.sonidb.client;

import java.net.URI;

/// The key is missing, wrong, or not good for this (401, 403).
public final class KeyRefusedException extends RefusedException {
  private static final long serialVersionUID = 1L;

  KeyRefusedException(URI node, int status, String reason) {
    super(node, status, reason);
  }
}
