package io.sonidb.sound;

/// Writes the bytes of a record's header that lie before the hash, in the order of [RecordFormat].
final class RecordHead {
  private RecordHead() {}

  /// Writes the head, with flag bit 0 telling whether there is a payload: as it is hashed.
  ///
  /// @param out at least [RecordFormat#MAX_HEAD_BYTES]
  /// @return how many bytes were written
  static int write(SoundRecord record, byte[] out) {
    int fields = optionalSize(record);
    int flags =
        (record.payload().length > 0 ? RecordFormat.PAYLOAD_INLINE : 0)
            | (fields > 0 ? RecordFormat.OPTIONAL_FIELDS : 0)
            | (record.batchContinues() ? RecordFormat.BATCH_CONTINUES : 0);
    out[0] = (byte) (record.kind().code() << RecordFormat.KIND_AT | flags);
    int at = Leb128.write(record.sequence(), out, 1);
    if (record.kind() == RecordKind.SKIP) {
      at = Leb128.write(record.skipCount(), out, at);
    } else {
      at += record.id().encode(out, at);
    }
    if (fields > 0) {
      out[at++] = (byte) fields;
      at = writeField(RecordFormat.INSERTED_AT, record.insertedAtOrAbsent(), out, at);
      at = writeField(RecordFormat.EXPIRES_AT, record.expiresAtOrAbsent(), out, at);
      at = writeField(RecordFormat.ACKNOWLEDGED_LAG, lag(record), out, at);
      byte[] unknown = record.unknownFields();
      System.arraycopy(unknown, 0, out, at, unknown.length);
      at += unknown.length;
    }
    return record.payload().length > 0 ? Leb128.write(record.payload().length, out, at) : at;
  }

  /// The record's hash.
  ///
  /// @param head what [#write] wrote, `size` bytes
  static long hash(SoundRecord record, byte[] head, int size) {
    long ofHead = XxHash64.of(head, 0, size, 0);
    byte[] payload = record.payload();
    long ofBoth = XxHash64.of(payload, 0, payload.length, ofHead);
    return record.kind() == RecordKind.UPSERT
        ? record.vector().hash(ofBoth)
        : XxHash64.of(head, 0, 0, ofBoth);
  }

  private static long lag(SoundRecord record) {
    long acknowledged = record.acknowledgedOrAbsent();
    return acknowledged < 0 ? acknowledged : record.sequence() - acknowledged;
  }

  /// How many bytes the optional fields of a record have.
  static int optionalSize(SoundRecord record) {
    return fieldSize(record.insertedAtOrAbsent())
        + fieldSize(record.expiresAtOrAbsent())
        + fieldSize(lag(record))
        + record.unknownFields().length;
  }

  private static int fieldSize(long value) {
    return value < 0 ? 0 : 2 + Leb128.size(value);
  }

  private static int writeField(int tag, long value, byte[] out, int offset) {
    if (value < 0) {
      return offset;
    }
    out[offset] = (byte) tag;
    out[offset + 1] = (byte) Leb128.size(value);
    return Leb128.write(value, out, offset + 2);
  }
}
