package io.sonidb;

/// A state of a collection from elsewhere is not taken in: it is another collection, an older
/// state, or one of a history that does not count any more. Nothing has changed.
public final class SyncRefusedException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  private final int newerEpoch;

  /// @param newerEpoch epoch of the collection here, if it is what makes the other one out of date;
  ///   else 0
  SyncRefusedException(String message, int newerEpoch) {
    super(message);
    this.newerEpoch = newerEpoch;
  }

  /// The epoch of the collection here, if it is later than that of what came: then the other one
  /// does not count any more. Else 0.
  public int newerEpoch() {
    return newerEpoch;
  }
}
