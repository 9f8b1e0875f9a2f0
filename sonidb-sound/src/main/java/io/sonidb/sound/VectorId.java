package io.sonidb.sound;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/// What a vector is called: an unsigned 64-bit number, a UUID, or a name of up to 512 bytes of
/// UTF-8.
///
/// Every spelling belongs to exactly one id: a text that is a number or a UUID is never a name. Ids
/// are ordered: numbers (unsigned) before UUIDs (by their bytes) before names (by their bytes).
public sealed interface VectorId extends Comparable<VectorId> {
  /// The longest name, in bytes of UTF-8.
  int MAX_NAME_BYTES = 512;

  /// The most bytes that [#encode] writes.
  int MAX_ENCODED_BYTES = 2 + MAX_NAME_BYTES;

  /// An unsigned 64-bit number.
  ///
  /// @param value its bits; negative stands for 2^63 and above
  record Number(long value) implements VectorId {
    @Override
    public String toString() {
      return Long.toUnsignedString(value);
    }
  }

  /// A UUID of any version.
  record Uuid(UUID value) implements VectorId {
    @Override
    public String toString() {
      return value.toString();
    }
  }

  /// Any other text.
  ///
  /// @param value 1 to 512 bytes in UTF-8, and no spelling of a number or a UUID
  record Name(String value) implements VectorId {
    /// Checks the text.
    ///
    /// @throws IllegalArgumentException when it is empty, too long, not Unicode, or the spelling of
    ///   a number or a UUID
    public Name {
      byte[] bytes = IdFormat.utf8(value);
      if (IdFormat.isNumber(bytes, 0, bytes.length) || IdFormat.isUuid(bytes, 0, bytes.length)) {
        throw new IllegalArgumentException(
            "'" + value + "' is a number or a UUID, not a name: use VectorId.parse");
      }
    }

    @Override
    public String toString() {
      return value;
    }
  }

  /// The id that a text spells: `42` is a number (`042` is a name), 36 characters, 32 hexadecimal
  /// digits, `{...}` and `urn:uuid:...` are UUIDs, anything else is a name.
  ///
  /// @throws IllegalArgumentException when the text is empty, longer than [#MAX_NAME_BYTES] or not
  ///   Unicode
  static VectorId parse(String text) {
    byte[] bytes = IdFormat.utf8(text);
    if (IdFormat.isNumber(bytes, 0, bytes.length)) {
      return new Number(Long.parseUnsignedLong(text));
    }
    if (IdFormat.isUuid(bytes, 0, bytes.length)) {
      return new Uuid(IdFormat.uuid(bytes));
    }
    return new Name(text);
  }

  /// The id of an unsigned number: negative stands for 2^63 and above.
  static VectorId of(long number) {
    return new Number(number);
  }

  /// The id of a UUID.
  static VectorId of(UUID uuid) {
    return new Uuid(uuid);
  }

  /// 64 well-mixed bits for tables. Numbers never collide with each other; the value is the same on
  /// every machine and in every version of the format.
  default long fingerprint() {
    return switch (this) {
      case Number(long value) -> IdFormat.fingerprint(value);
      case Uuid(UUID value) ->
          IdFormat.fingerprint(value.getMostSignificantBits(), value.getLeastSignificantBits());
      case Name(String value) -> {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        yield IdFormat.fingerprint(bytes, 0, bytes.length);
      }
    };
  }

  /// How many bytes [#encode] writes.
  default int encodedSize() {
    return switch (this) {
      case Number(long value) -> 1 + IdFormat.numberSize(value);
      case Uuid _ -> 17;
      case Name(String value) -> {
        int size = IdFormat.utf8Size(value);
        yield Leb128.size(IdFormat.nameTag(size)) + size;
      }
    };
  }

  /// Writes this id as it stands in records: a tag that tells kind and length, then the bytes.
  ///
  /// @return how many bytes were written: at most [#MAX_ENCODED_BYTES]
  /// @throws IndexOutOfBoundsException when `out` has no room for them
  default int encode(byte[] out, int offset) {
    return IdFormat.write(this, out, offset);
  }

  /// Reads an id that [#encode] wrote.
  ///
  /// @param limit the end of what may be read
  /// @throws MalformedRecordException when there is no id at `offset`
  static VectorId decode(byte[] in, int offset, int limit) throws MalformedRecordException {
    if (IdFormat.sizeAt(in, offset, limit) < 0) {
      throw new MalformedRecordException("not an encoded id", offset);
    }
    return IdFormat.read(in, offset);
  }

  @Override
  default int compareTo(VectorId that) {
    if (this instanceof Number(long a) && that instanceof Number(long b)) {
      return Long.compareUnsigned(a, b);
    }
    if (this instanceof Uuid(UUID a) && that instanceof Uuid(UUID b)) {
      // UUID's own order compares signed halves.
      int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
      return high != 0
          ? high
          : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    }
    if (this instanceof Name(String a) && that instanceof Name(String b)) {
      // String's own order compares UTF-16, which puts U+10000 before U+FFFF.
      return Arrays.compareUnsigned(
          a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }
    return Integer.compare(IdFormat.rank(this), IdFormat.rank(that));
  }
}
