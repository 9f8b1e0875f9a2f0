package io.sonidb.store;

/// A reader met a segment that compaction has replaced: what it looks for is elsewhere by now, and
/// a second look-up finds it. Long readers hold a [LogView], which keeps segments from being
/// retired.
public final class SegmentRetiredException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /// @param number of the segment
  public SegmentRetiredException(int number) {
    super("segment " + number + " was compacted: look the record up again");
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized")
  public Throwable fillInStackTrace() {

    return this; // it is met and handled on the way of a read
  }
}
