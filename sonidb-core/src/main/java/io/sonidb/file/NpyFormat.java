package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The head of a `.npy` file, after NumPy's description of the format (`numpy.lib.format`, 1.0 to
/// 3.0):
///
/// ```text
/// 93 'N' 'U' 'M' 'P' 'Y'   major minor   header length (2 bytes; 4 from 2.0 on; little-endian)
/// a Python dictionary with descr, fortran_order and shape, padded with spaces, then '\n'
/// rows * columns numbers, row by row
/// ```
///
/// @param type number type of the array
/// @param order byte order of its numbers
/// @param rows number of vectors
/// @param columns their dimension
record NpyFormat(NumberType type, ByteOrder order, long rows, int columns) {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final String KEYS = "descr, fortran_order and shape";

  /// NumPy itself refuses to evaluate headers of more than 10,000 characters.
  private static final int MAX_HEADER_BYTES = 1 << 16;

  /// NumPy pads the head so that the numbers start at a multiple of 64.
  ///
  /// The head of every two-dimensional array of float32 or float64 has this size: its dictionary
  /// takes 57 to 93 characters, whatever the shape. So the count of rows can be filled in at the
  /// end.
  static final int HEAD_BYTES = 128;

  static boolean startsWithMagic(byte[] head) {
    return head.length >= MAGIC.length
        && Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  /// The head as NumPy writes it, byte for byte.
  static byte[] head(ElementType element, long rows, int columns) {
    String descr = element == ElementType.FLOAT32 ? "<f4" : "<f8";
    String dictionary =
        "{'descr': '"
            + descr
            + "', 'fortran_order': False, 'shape': ("
            + rows
            + ", "
            + columns
            + "), }";
    byte[] head = new byte[HEAD_BYTES];
    Arrays.fill(head, (byte) ' ');
    System.arraycopy(MAGIC, 0, head, 0, MAGIC.length);
    head[6] = 1;
    head[7] = 0;
    int headerBytes = HEAD_BYTES - 10;
    head[8] = (byte) headerBytes;
    head[9] = (byte) (headerBytes >>> 8);
    byte[] text = dictionary.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, head, 10, text.length);
    head[HEAD_BYTES - 1] = '\n';
    return head;
  }

  /// Reads the head and leaves the source at the first number.
  static NpyFormat read(ByteSource source) throws IOException {
    byte[] magic = source.peek(MAGIC.length);
    if (!startsWithMagic(magic)) {
      throw source.malformedAt(0, "does not start with the .npy magic \\x93NUMPY");
    }
    byte[] fixed = exactly(source, MAGIC.length + 2, "its magic and version");
    int major = fixed[6] & 0xFF;
    int minor = fixed[7] & 0xFF;
    if (major < 1 || major > 3 || minor != 0) {
      throw source.unsupported(
          "byte 6", ".npy version " + major + "." + minor + "; 1.0 to 3.0 are read");
    }
    byte[] lengthBytes = exactly(source, major == 1 ? 2 : 4, "its header length");
    long length = littleEndian(lengthBytes);
    if (length > MAX_HEADER_BYTES) {
      throw source.malformedAt(8, "header length " + length + " is more than " + MAX_HEADER_BYTES);
    }
    long start = source.position();
    byte[] header = exactly(source, (int) length, "its header of " + length + " bytes");
    return of(new String(header, StandardCharsets.UTF_8), start, source);
  }

  private static NpyFormat of(String header, long start, ByteSource source) throws IOException {
    String place = "byte " + start;
    Object literal;
    try {
      literal = PythonLiteral.parse(header.strip());
    } catch (IllegalArgumentException e) {
      throw source.malformed(place, "the header is no Python dictionary: " + e.getMessage());
    }
    if (!(literal instanceof Map<?, ?> entries)
        || !(entries.get("fortran_order") instanceof Boolean fortran)
        || !(entries.get("shape") instanceof List<?> shape)
        || !entries.containsKey("descr")) {
      throw source.malformed(place, "the header lacks one of " + KEYS + ": " + header.strip());
    }
    if (!(entries.get("descr") instanceof String descr)) {
      throw source.unsupported(place, "structured array; save one plain 2-D array of numbers");
    }
    long[] sizes = sizes(shape, source, place);
    long rows = sizes.length == 1 ? 1 : sizes[0];
    long columns = sizes[sizes.length - 1];
    if (columns < 1 || columns > Vector.MAX_DIMENSION) {
      throw source.malformed(
          place, "dimension must be 1 to " + Vector.MAX_DIMENSION + ", shape is " + print(sizes));
    }
    if (fortran && rows > 1 && columns > 1) {
      throw source.unsupported(
          place, "Fortran order keeps no row together; save numpy.ascontiguousarray(array)");
    }
    NumberType type = type(descr, source, place);
    if (rows > Long.MAX_VALUE / (columns * type.bytes())) {
      throw source.malformed(place, "shape " + print(sizes) + " is more than 2^63 bytes");
    }
    return new NpyFormat(type, order(descr), rows, (int) columns);
  }

  private static long[] sizes(List<?> shape, ByteSource source, String place) throws IOException {
    if (shape.isEmpty() || shape.size() > 2) {
      throw source.unsupported(
          place,
          "array of "
              + shape.size()
              + " dimensions; 1 (one vector) and 2 (one vector a row) are read");
    }
    long[] sizes = new long[shape.size()];
    for (int i = 0; i < sizes.length; i++) {
      if (!(shape.get(i) instanceof Long size) || size < 0) {
        throw source.malformed(place, "shape must be of integers from 0, has " + shape.get(i));
      }
      sizes[i] = size;
    }
    return sizes;
  }

  private static String print(long[] sizes) {
    return Arrays.toString(sizes).replace('[', '(').replace(']', ')');
  }

  private static NumberType type(String descr, ByteSource source, String place) throws IOException {
    String plain =
        descr.isEmpty() || "<>|=".indexOf(descr.charAt(0)) < 0 ? descr : descr.substring(1);
    return switch (plain) {
      case "f2" -> NumberType.FLOAT16;
      case "f4" -> NumberType.FLOAT32;
      case "f8" -> NumberType.FLOAT64;
      case "i1" -> NumberType.INT8;
      case "u1" -> NumberType.UINT8;
      case "i2" -> NumberType.INT16;
      case "u2" -> NumberType.UINT16;
      case "i4" -> NumberType.INT32;
      case "u4" -> NumberType.UINT32;
      case "i8" -> NumberType.INT64;
      case "u8" -> NumberType.UINT64;
      default ->
          throw source.unsupported(
              place, "number type '" + descr + "'; save array.astype('float32') or 'float64'");
    };
  }

  private static ByteOrder order(String descr) {
    return descr.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  private static byte[] exactly(ByteSource source, int count, String what) throws IOException {
    byte[] bytes = new byte[count];
    long start = source.position();
    int read = source.read(bytes, 0, count);
    if (read < count) {
      throw source.malformedAt(start + read, "truncated: ends within " + what);
    }
    return bytes;
  }

  private static long littleEndian(byte[] bytes) {
    long value = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      value = value << 8 | bytes[i] & 0xFF;
    }
    return value;
  }
}
