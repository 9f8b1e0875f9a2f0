package io.sonidb.search;

import java.io.IOException;

/// A part of the search index is damaged, or about something else. It is made again.
public final class CorruptSearchPartException extends IOException {
  private static final long serialVersionUID = 1L;

  public CorruptSearchPartException(String message) {
    super(message);
  }
}
