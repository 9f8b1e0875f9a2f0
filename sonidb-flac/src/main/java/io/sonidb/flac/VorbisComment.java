package io.sonidb.flac;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// VORBIS_COMMENT: tags for people, each a name and a value (RFC 9639, 8.6).
///
/// Names are printable ASCII without `=`, and upper and lower case are the same; a name may occur
/// several times. Values are any text. Unlike everything else in FLAC, the lengths inside are
/// little-endian.
public final class VorbisComment implements MetadataBlock {

  static final int TYPE = 4;

  private final String vendor;
  private final List<Map.Entry<String, String>> fields;
  private final int bodyBytes;

  /// A block to be written.
  ///
  /// @param vendor the program that made the stream
  /// @param fields names and values, in order; copied
  public VorbisComment(String vendor, List<Map.Entry<String, String>> fields) {
    this.vendor = vendor;
    List<Map.Entry<String, String>> copy = new ArrayList<>(fields.size());
    long size = 8L + vendor.getBytes(UTF_8).length;
    for (Map.Entry<String, String> field : fields) {
      checkName(field.getKey());
      copy.add(Map.entry(field.getKey(), field.getValue()));
      size += 4 + line(field).length;
    }
    if (size > MAX_BODY_BYTES) {
      throw new IllegalArgumentException(
          "tags must have at most " + MAX_BODY_BYTES + " bytes together, have " + size);
    }
    this.fields = List.copyOf(copy);
    bodyBytes = (int) size;
  }

  /// {@return the program that made the stream}
  public String vendor() {
    return vendor;
  }

  /// {@return all fields in order, not modifiable}
  public List<Map.Entry<String, String>> fields() {
    return fields;
  }

  /// The value of a field.
  ///
  /// @param name in upper or lower case
  /// @return the value of the first field of that name
  public Optional<String> first(String name) {
    return fields.stream()
        .filter(field -> field.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int bodyBytes() {
    return bodyBytes;
  }

  void write(byte[] out, int offset) {
    ByteBuffer buffer = ByteBuffer.wrap(out, offset, bodyBytes).order(ByteOrder.LITTLE_ENDIAN);
    put(buffer, vendor.getBytes(UTF_8));
    buffer.putInt(fields.size());
    for (Map.Entry<String, String> field : fields) {
      put(buffer, line(field));
    }
  }

  private static void put(ByteBuffer buffer, byte[] text) {
    buffer.putInt(text.length).put(text);
  }

  private static byte[] line(Map.Entry<String, String> field) {
    return (field.getKey() + "=" + field.getValue()).getBytes(UTF_8);
  }

  /// @throws IllegalArgumentException if the block is broken
  static VorbisComment read(byte[] in, int offset, int length) {
    ByteBuffer buffer = ByteBuffer.wrap(in, offset, length).order(ByteOrder.LITTLE_ENDIAN);
    String vendor = text(buffer, "vendor");
    long count = number(buffer, "number of fields");
    // Each field has at least its own length, so more cannot be there.
    if (count > buffer.remaining() / 4) {
      throw new IllegalArgumentException(
          count + " fields are promised in " + buffer.remaining() + " bytes");
    }
    List<Map.Entry<String, String>> fields = new ArrayList<>((int) count);
    for (int i = 0; i < count; i++) {
      String line = text(buffer, "field " + i);
      int equals = line.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("field " + i + " has no '='");
      }
      fields.add(Map.entry(line.substring(0, equals), line.substring(equals + 1)));
    }
    if (buffer.hasRemaining()) {
      throw new IllegalArgumentException(
          buffer.remaining() + " bytes follow the last of " + count + " fields");
    }
    return new VorbisComment(vendor, fields);
  }

  private static long number(ByteBuffer buffer, String what) {
    if (buffer.remaining() < 4) {
      throw new IllegalArgumentException("the " + what + " is cut off");
    }
    return buffer.getInt() & 0xffffffffL;
  }

  private static String text(ByteBuffer buffer, String what) {
    long length = number(buffer, "length of " + what);
    if (length > buffer.remaining()) {
      throw new IllegalArgumentException(
          what + " should have " + length + " bytes, " + buffer.remaining() + " are left");
    }
    ByteBuffer bytes = buffer.slice(buffer.position(), (int) length);
    buffer.position(buffer.position() + (int) length);
    try {
      return UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(what + " is not UTF-8", e);
    }
  }

  private static void checkName(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < 0x20 || c > 0x7e || c == '=') {
        throw new IllegalArgumentException(
            "a field name has printable ASCII characters but '=', not \"" + name + '"');
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VorbisComment that
        && vendor.equals(that.vendor)
        && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return 31 * vendor.hashCode() + fields.hashCode();
  }

  @Override
  public String toString() {
    return "VORBIS_COMMENT by " + vendor + ": " + fields;
  }
}
