package io.sonidb.sound;

/// Writes the bytes of a record's header that lie before the hash, in the order of [RecordFormat].
final class RecordHead {
  private RecordHead() {}

  /// Writes the head, with flag bit 0 telling whether there is a payload: as it is hashed.
  ///
  /// @param out at least [RecordFormat#MAX_HEAD_BYTES]
  /// @return how many bytes were written
  static int write(SoundRecord record, byte[] out) {
    OptionalFields fields = record.optionalFields();
    int flags =
        (record.payload().length > 0 ? RecordFormat.PAYLOAD_INLINE : 0)
            | (fields.size() > 0 ? RecordFormat.OPTIONAL_FIELDS : 0)
            | (record.batchContinues() ? RecordFormat.BATCH_CONTINUES : 0);
    out[0] = (byte) (record.kind().code() << RecordFormat.KIND_AT | flags);
    int at = Leb128.write(record.sequence(), out, 1);
    if (record.kind() == RecordKind.SKIP) {
      at = Leb128.write(record.skipCount(), out, at);
    } else {
      at += record.id().encode(out, at);
    }
    at = fields.write(out, at);
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
}
