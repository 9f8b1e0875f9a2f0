package io.sonidb.sound;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.UUID;

/// How ids are spelled and how they lie in a record.
///
/// ```
/// tag (LEB128)   then                       id
/// 0..8           that many bytes            number, big-endian, no leading zero byte
/// 9              16 bytes                   UUID, big-endian
/// 10..521        tag - 9 bytes              name, UTF-8
/// ```
final class IdFormat {
  private static final int UUID_TAG = 9;
  private static final String URN = "urn:uuid:";
  private static final byte[] MAX_NUMBER = ascii("18446744073709551615");

  private IdFormat() {}

  /// The UTF-8 of a text that may be an id.
  ///
  /// @throws IllegalArgumentException when it may not
  static byte[] utf8(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("an id must have 1 to 512 bytes, was empty");
    }
    // A character has at least one byte; so this bounds the work on a text of any size.
    if (text.length() > VectorId.MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "an id must have 1 to 512 bytes, was " + text.length() + " characters");
    }
    byte[] bytes;
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("an id must be Unicode, had half a surrogate pair", e);
    }
    if (bytes.length > VectorId.MAX_NAME_BYTES) {
      throw new IllegalArgumentException("an id must have 1 to 512 bytes, was " + bytes.length);
    }
    return bytes;
  }

  /// How many bytes of UTF-8 a well-formed text has.
  static int utf8Size(String text) {
    int size = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // A surrogate pair has four bytes: two for each half.
      size += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return size;
  }

  /// Whether these bytes are an unsigned 64-bit number in canonical decimal.
  static boolean isNumber(byte[] in, int offset, int size) {
    if (size < 1 || size > MAX_NUMBER.length || (in[offset] == '0' && size > 1)) {
      return false;
    }
    for (int i = offset; i < offset + size; i++) {
      if (in[i] < '0' || in[i] > '9') {
        return false;
      }
    }
    return size < MAX_NUMBER.length
        || Arrays.compare(in, offset, offset + size, MAX_NUMBER, 0, size) <= 0;
  }

  /// Whether these bytes are a UUID in one of its usual spellings.
  static boolean isUuid(byte[] in, int offset, int size) {
    return uuidDigits(in, offset, size) >= 0;
  }

  /// The UUID that these bytes spell, which [#isUuid] has accepted.
  static UUID uuid(byte[] text) {
    int start = uuidDigits(text, 0, text.length);
    String digits =
        new String(text, start, text.length - start, StandardCharsets.US_ASCII)
            .replace("-", "")
            .replace("}", "");
    return new UUID(
        HexFormat.fromHexDigitsToLong(digits, 0, 16),
        HexFormat.fromHexDigitsToLong(digits, 16, 32));
  }

  /// Where the digits of a UUID begin, behind `{` or `urn:uuid:`, or -1 when this is none.
  private static int uuidDigits(byte[] in, int offset, int size) {
    int start = offset;
    int end = offset + size;
    if (size > 2 && in[start] == '{' && in[end - 1] == '}') {
      start++;
      end--;
    } else if (size > URN.length() && startsWithUrn(in, start)) {
      start += URN.length();
    }
    boolean hyphens = end - start == 36;
    if (!hyphens && end - start != 32) {
      return -1;
    }
    for (int i = 0; i < end - start; i++) {
      byte c = in[start + i];
      boolean hyphen = hyphens && (i == 8 || i == 13 || i == 18 || i == 23);
      if (hyphen ? c != '-' : !HexFormat.isHexDigit(c)) {
        return -1;
      }
    }
    return start;
  }

  private static boolean startsWithUrn(byte[] in, int offset) {
    return new String(in, offset, URN.length(), StandardCharsets.ISO_8859_1)
        .toLowerCase(Locale.ROOT)
        .equals(URN);
  }

  /// How many bytes a number has without its leading zero bytes.
  static int numberSize(long value) {
    return (71 - Long.numberOfLeadingZeros(value)) / 8;
  }

  static int nameTag(int size) {
    return UUID_TAG + size;
  }

  /// Writes an id; returns how many bytes.
  static int write(VectorId id, byte[] out, int offset) {
    switch (id) {
      case VectorId.Number(long value) -> {
        int size = numberSize(value);
        out[offset] = (byte) size;
        writeBigEndian(value, size, out, offset + 1);
        return 1 + size;
      }
      case VectorId.Uuid(UUID value) -> {
        out[offset] = UUID_TAG;
        writeBigEndian(value.getMostSignificantBits(), 8, out, offset + 1);
        writeBigEndian(value.getLeastSignificantBits(), 8, out, offset + 9);
        return 17;
      }
      case VectorId.Name(String value) -> {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        int at = Leb128.write(nameTag(bytes.length), out, offset);
        System.arraycopy(bytes, 0, out, at, bytes.length);
        return at + bytes.length - offset;
      }
    }
  }

  /// How many bytes the tag at `offset` announces, itself included, or -1 when it is none.
  static int announcedSize(byte[] in, int offset, int limit) {
    int tagSize = Leb128.sizeAt(in, offset, limit);
    int tag =
        tagSize < 0 || tagSize > 2 ? Integer.MAX_VALUE : (int) Leb128.read(in, offset, tagSize);
    return tag > nameTag(VectorId.MAX_NAME_BYTES) ? -1 : tagSize + contentSize(tag);
  }

  /// How many bytes the id at `offset` has, or -1 when there is none that ends by `limit`.
  /// Allocates nothing for numbers and UUIDs.
  static int sizeAt(byte[] in, int offset, int limit) {
    int announced = announcedSize(in, offset, limit);
    if (announced < 0 || announced > limit - offset) {
      return -1;
    }
    int tag = tag(in, offset);
    int size = contentSize(tag);
    int at = offset + announced - size;
    boolean good =
        tag < UUID_TAG ? size == 0 || in[at] != 0 : tag == UUID_TAG || isName(in, at, size);
    return good ? announced : -1;
  }

  /// The id at `offset`, which [#sizeAt] has accepted.
  static VectorId read(byte[] in, int offset) {
    int tag = tag(in, offset);
    int at = offset + Leb128.size(tag);
    if (tag < UUID_TAG) {
      return new VectorId.Number(readBigEndian(in, at, tag));
    }
    if (tag == UUID_TAG) {
      return new VectorId.Uuid(new UUID(readBigEndian(in, at, 8), readBigEndian(in, at + 8, 8)));
    }
    return new VectorId.Name(new String(in, at, contentSize(tag), StandardCharsets.UTF_8));
  }

  /// The fingerprint of the id at `offset`, which [#sizeAt] has accepted.
  static long fingerprintAt(byte[] in, int offset) {
    int tag = tag(in, offset);
    int at = offset + Leb128.size(tag);
    if (tag < UUID_TAG) {
      return fingerprint(readBigEndian(in, at, tag));
    }
    if (tag == UUID_TAG) {
      return fingerprint(readBigEndian(in, at, 8), readBigEndian(in, at + 8, 8));
    }
    return fingerprint(in, at, contentSize(tag));
  }

  /// Whether the id encoded in the first `size` bytes is `id`.
  static boolean isAt(VectorId id, byte[] in, int size) {
    return switch (id) {
      case VectorId.Number(long value) ->
          tag(in, 0) < UUID_TAG && readBigEndian(in, 1, in[0]) == value;
      case VectorId.Uuid(UUID value) ->
          in[0] == UUID_TAG
              && readBigEndian(in, 1, 8) == value.getMostSignificantBits()
              && readBigEndian(in, 9, 8) == value.getLeastSignificantBits();
      case VectorId.Name(String value) -> {
        byte[] name = value.getBytes(StandardCharsets.UTF_8);
        yield tag(in, 0) == nameTag(name.length)
            && Arrays.equals(name, 0, name.length, in, size - name.length, size);
      }
    };
  }

  private static int tag(byte[] in, int offset) {
    return (int) Leb128.read(in, offset, in[offset] < 0 ? 2 : 1);
  }

  private static int contentSize(int tag) {
    return tag < UUID_TAG ? tag : tag == UUID_TAG ? 16 : tag - UUID_TAG;
  }

  private static boolean isName(byte[] in, int offset, int size) {
    return !isNumber(in, offset, size)
        && !isUuid(in, offset, size)
        && isUtf8(in, offset, offset + size);
  }

  /// Whether these bytes are well-formed UTF-8 (Unicode, table 3-7): no overlong forms, no
  /// surrogates, nothing above U+10FFFF.
  private static boolean isUtf8(byte[] in, int offset, int end) {
    int at = offset;
    while (at < end) {
      int lead = in[at++] & 0xFF;
      if (lead < 0x80) {
        continue;
      }
      int more = lead < 0xC2 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : 0;
      if (more == 0 || more > end - at) {
        return false;
      }
      int second = in[at] & 0xFF;
      int least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
      int most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
      if (second < least || second > most) {
        return false;
      }
      for (int i = 1; i < more; i++) {
        if ((in[at + i] & 0xC0) != 0x80) {
          return false;
        }
      }
      at += more;
    }
    return true;
  }

  static int rank(VectorId id) {
    return switch (id) {
      case VectorId.Number _ -> 0;
      case VectorId.Uuid _ -> 1;
      case VectorId.Name _ -> 2;
    };
  }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): one to one, so numbers never
  /// collide.
  static long fingerprint(long number) {
    long mixed = number + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  static long fingerprint(long high, long low) {
    return fingerprint(high ^ fingerprint(~low));
  }

  static long fingerprint(byte[] name, int offset, int size) {
    return XxHash64.of(name, offset, size, UUID_TAG);
  }

  static void writeBigEndian(long value, int size, byte[] out, int offset) {
    for (int i = 0; i < size; i++) {
      out[offset + i] = (byte) (value >>> (8 * (size - 1 - i)));
    }
  }

  static long readBigEndian(byte[] in, int offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = value << 8 | (in[offset + i] & 0xFF);
    }
    return value;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
