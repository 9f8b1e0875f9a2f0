package io.sonidb;

/// A collection is not written to here, because it is a copy of one elsewhere.
public final class ReadOnlyException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  ReadOnlyException(String collection) {
    super(
        "collection "
            + collection
            + " is a read-only replica: write to its source, or promote it here");
  }
}
