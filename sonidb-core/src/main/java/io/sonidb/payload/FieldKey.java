package io.sonidb.payload;

import io.sonidb.filter.FieldType;
import io.sonidb.filter.Scalar;
import io.sonidb.filter.TimeText;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/// A value as bytes whose unsigned order is that of the values. What cannot be brought back exactly
/// from its key has none.
final class FieldKey implements Comparable<FieldKey> {
  /// Longer strings have no key.
  static final int MAX_TERM_BYTES = 1024;

  private static final long MICROS = 1_000_000;

  private final byte[] bytes;

  FieldKey(byte[] bytes) {
    this.bytes = bytes;
  }

  byte[] bytes() {
    return bytes;
  }

  /// Bytes of every key of a type; 0 if they differ.
  static int size(FieldType type) {
    return switch (type) {
      case KEYWORD, TEXT -> 0;
      case BOOLEAN -> 1;
      case INTEGER, FLOAT, DATETIME -> 8;
      case UUID, GEO -> 16;
    };
  }

  /// The key of a value; of a text one for each word.
  ///
  /// @return none if the type does not know the value, or not exactly
  static Optional<List<FieldKey>> of(FieldType type, JsonNode value) {
    return switch (type) {
      case KEYWORD -> value.isString() ? one(ofTerm(value.stringValue())) : Optional.empty();
      case TEXT -> value.isString() ? ofWords(value.stringValue()) : Optional.empty();
      case BOOLEAN ->
          value.isBoolean() ? one(Optional.of(of(value.booleanValue()))) : Optional.empty();
      case INTEGER ->
          value.isIntegralNumber() && value.canConvertToLong()
              ? one(Optional.of(of(value.longValue())))
              : Optional.empty();
      case FLOAT -> value.isNumber() ? one(ofNumber(value)) : Optional.empty();
      case DATETIME ->
          value.isString()
              ? one(TimeText.parse(value.stringValue()).flatMap(FieldKey::ofTime))
              : Optional.empty();
      case UUID -> value.isString() ? one(ofUuid(value.stringValue())) : Optional.empty();
      case GEO -> one(PayloadCheck.place(value).map(FieldKey::ofPlace));
    };
  }

  private static Optional<List<FieldKey>> one(Optional<FieldKey> key) {
    return key.map(List::of);
  }

  private static Optional<List<FieldKey>> ofWords(String text) {
    List<Optional<FieldKey>> keys = Words.of(text).stream().map(FieldKey::ofTerm).toList();
    return keys.stream().allMatch(Optional::isPresent)
        ? Optional.of(keys.stream().map(Optional::orElseThrow).toList())
        : Optional.empty();
  }

  /// A string, or a word of one.
  static Optional<FieldKey> ofTerm(String term) {
    if (term.length() > MAX_TERM_BYTES) {
      return Optional.empty();
    }
    boolean plain = term.chars().noneMatch(c -> Character.isSurrogate((char) c));
    if (!plain && !StandardCharsets.UTF_8.newEncoder().canEncode(term)) {
      return Optional.empty();
    }
    byte[] bytes = term.getBytes(StandardCharsets.UTF_8);
    return bytes.length > MAX_TERM_BYTES ? Optional.empty() : Optional.of(new FieldKey(bytes));
  }

  static FieldKey of(boolean value) {
    return new FieldKey(new byte[] {(byte) (value ? 1 : 0)});
  }

  /// Flipped, the sign makes the unsigned order that of the numbers.
  static FieldKey of(long value) {
    return new FieldKey(ByteBuffer.allocate(8).putLong(value ^ Long.MIN_VALUE).array());
  }

  long asLong() {
    return ByteBuffer.wrap(bytes).getLong() ^ Long.MIN_VALUE;
  }

  private static Optional<FieldKey> ofNumber(JsonNode value) {
    double number = value.numberValue().doubleValue();
    return Double.isFinite(number) ? Optional.of(of(number)) : Optional.empty();
  }

  static FieldKey of(double number) {
    return of(sortable(number));
  }

  double asDouble() {
    return fromSortable(asLong());
  }

  // Zero is one number, of whatever sign.
  private static long sortable(double number) {
    long bits = Double.doubleToLongBits(number + 0.0);
    return bits ^ (bits >> 63 & Long.MAX_VALUE);
  }

  private static double fromSortable(long sortable) {
    return Double.longBitsToDouble(sortable ^ (sortable >> 63 & Long.MAX_VALUE));
  }

  /// A time to the microsecond; a finer one has no key.
  static Optional<FieldKey> ofTime(Instant time) {
    return time.getNano() % 1000 == 0
        ? Optional.of(of(time.getEpochSecond() * MICROS + time.getNano() / 1000))
        : Optional.empty();
  }

  Instant asTime() {
    long micros = asLong();
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * 1000);
  }

  /// A UUID in its usual spelling: another one is another string.
  static Optional<FieldKey> ofUuid(String text) {
    if (text.length() != 36) {
      return Optional.empty();
    }
    try {
      UUID uuid = UUID.fromString(text);
      return uuid.toString().equals(text)
          ? Optional.of(
              new FieldKey(
                  ByteBuffer.allocate(16)
                      .putLong(uuid.getMostSignificantBits())
                      .putLong(uuid.getLeastSignificantBits())
                      .array()))
          : Optional.empty();
    } catch (IllegalArgumentException noUuid) {
      return Optional.empty();
    }
  }

  /// Ordered by latitude.
  private static FieldKey ofPlace(PayloadCheck.Place place) {
    return new FieldKey(
        ByteBuffer.allocate(16)
            .putLong(sortable(place.latitude()) ^ Long.MIN_VALUE)
            .putLong(sortable(place.longitude()) ^ Long.MIN_VALUE)
            .array());
  }

  PayloadCheck.Place asPlace() {
    ByteBuffer both = ByteBuffer.wrap(bytes);
    double latitude = fromSortable(both.getLong() ^ Long.MIN_VALUE);
    return new PayloadCheck.Place(fromSortable(both.getLong() ^ Long.MIN_VALUE), latitude);
  }

  /// The value as JSON would have it, for [FieldType#KEYWORD], [FieldType#INTEGER],
  /// [FieldType#BOOLEAN] and [FieldType#UUID].
  Scalar asScalar(FieldType type) {
    return switch (type) {
      case KEYWORD -> Scalar.of(new String(bytes, StandardCharsets.UTF_8));
      case INTEGER -> Scalar.of(asLong());
      case BOOLEAN -> Scalar.of(bytes[0] != 0);
      case UUID -> {
        ByteBuffer both = ByteBuffer.wrap(bytes);
        yield Scalar.of(new UUID(both.getLong(), both.getLong()).toString());
      }
      case FLOAT, DATETIME, GEO, TEXT ->
          throw new IllegalArgumentException("the keys of " + type + " are no scalars");
    };
  }

  @Override
  public int compareTo(FieldKey other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FieldKey that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return java.util.HexFormat.of().formatHex(bytes);
  }
}
