package io.sonidb.client;

import java.net.URI;

/// Deletes are not in the history any more from where on it was asked for (410): read the whole
/// collection again, and go on from there.
public final class HistoryGoneException extends RefusedException {
  private static final long serialVersionUID = 1L;

  HistoryGoneException(URI node, int status, String reason) {
    super(node, status, reason);
  }
}
