package io.sonidb.store;

import java.io.IOException;

/// A record in a segment is not as it was written.
public final class CorruptSegmentException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int segment;

  /// @param message names file, place and id
  /// @param segment number of the segment
  CorruptSegmentException(String message, int segment) {
    super(message);
    this.segment = segment;
  }

  /// @param message names the file, which belongs to no open log
  CorruptSegmentException(String message) {
    this(message, 0);
  }

  /// Number of the segment, 0 if none of an open log's.
  int segment() {
    return segment;
  }
}
