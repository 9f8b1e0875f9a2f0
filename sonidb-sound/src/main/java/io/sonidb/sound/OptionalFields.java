package io.sonidb.sound;

import java.util.Arrays;

/// The optional fields of one record's header, after [RecordFormat]. Immutable.
///
/// ```
/// each field     first byte: another follows (bit 7), tag 1 to 15 (6..3), bytes of the value (2..0)
///                value: unsigned, big-endian, no leading zero byte
/// ```
final class OptionalFields {
  /// The value of a field that is not there.
  static final long ABSENT = -1;

  /// No field at all.
  static final OptionalFields NONE = new OptionalFields(absent(), new byte[0]);

  private final long[] values;
  private final byte[] unknown;

  /// Fields that have been checked; the arrays are not copied.
  ///
  /// @param values the values of the known fields, by tag, or [#ABSENT]
  /// @param unknown the fields of a newer version, as they lie in the header behind all known ones
  OptionalFields(long[] values, byte[] unknown) {
    this.values = values;
    this.unknown = unknown;
  }

  /// Room for the values of all known fields, by tag, with none of them there.
  static long[] absent() {
    long[] values = new long[RecordFormat.LAST_KNOWN_FIELD + 1];
    Arrays.fill(values, ABSENT);
    return values;
  }

  /// The value of a known field, or [#ABSENT].
  long value(int tag) {
    return values[tag];
  }

  /// How many bytes of fields of a newer version there are.
  int unknownSize() {
    return unknown.length;
  }

  /// These fields with the value of a known one changed.
  ///
  /// @param value 0 to [RecordFormat#MAX_FIELD_VALUE]
  OptionalFields with(int tag, long value) {
    long[] changed = values.clone();
    changed[tag] = value;
    return new OptionalFields(changed, unknown);
  }

  /// These fields without a known one.
  OptionalFields without(int tag) {
    return with(tag, -1);
  }

  /// How many bytes [#write] writes; 0 when there is no field.
  int size() {
    int size = unknown.length;
    for (long value : values) {
      size += value < 0 ? 0 : 1 + valueSize(value);
    }
    return size;
  }

  /// Writes all fields and returns the offset behind them.
  int write(byte[] out, int offset) {
    int end = offset + size();
    int at = offset;
    for (int tag = 1; tag < values.length; tag++) {
      long value = values[tag];
      if (value >= 0) {
        int bytes = valueSize(value);
        int next = at + 1 + bytes;
        int more = next < end ? RecordFormat.FIELD_FOLLOWS : 0;
        out[at] = (byte) (more | tag << RecordFormat.FIELD_TAG_AT | bytes);
        IdFormat.writeBigEndian(value, bytes, out, at + 1);
        at = next;
      }
    }
    System.arraycopy(unknown, 0, out, at, unknown.length);
    return end;
  }

  private static int valueSize(long value) {
    return (71 - Long.numberOfLeadingZeros(value)) >>> 3;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OptionalFields that
        && Arrays.equals(values, that.values)
        && Arrays.equals(unknown, that.unknown);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(values) + Arrays.hashCode(unknown);
  }
}
