package io.sonidb.sound;

/// What a record does to the collection that it belongs to.
public enum RecordKind {
  /// Puts a vector, and a payload if there is one, under an id; replaces what was there.
  UPSERT(1),
  /// Removes an id: a tombstone.
  DELETE(2),
  /// Replaces the payload of an id and leaves its vector alone.
  PAYLOAD(3),
  /// Uses up a range of sequence numbers that no other record will have.
  SKIP(4);

  private final int code;

  RecordKind(int code) {
    this.code = code;
  }

  /// The four bits that stand for this kind in a record's first byte.
  int code() {
    return code;
  }
}
