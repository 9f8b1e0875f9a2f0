package io.sonidb;

/// The changes that a subscriber asks for are not all there any more: read everything again, and
/// subscribe from there.
///
/// ```java
/// try (CollectionView all = songs.view()) {
///   ... // read all.scroll(), forget everything that is not in it
///   songs.subscribe(all.sequence() + 1);
/// }
/// ```
public final class RescanRequiredException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  private final long horizon;

  RescanRequiredException(String message, long horizon) {
    super(message);
    this.horizon = horizon;
  }

  static RescanRequiredException of(long horizon) {
    return new RescanRequiredException(
        "deletes up to sequence number "
            + horizon
            + " are not in the history any more: read the collection again, and subscribe from there",
        horizon);
  }

  /// Up to this sequence number deletes may be missing from the history; who has read further need
  /// not read again.
  public long horizon() {
    return horizon;
  }
}
