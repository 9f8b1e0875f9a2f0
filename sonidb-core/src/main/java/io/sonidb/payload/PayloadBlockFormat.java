package io.sonidb.payload;

import io.sonidb.filter.FieldType;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import org.roaringbitmap.RoaringBitmap;

/// The layout of a `.pay` file, and of a block in memory.
///
/// ```
///  0  8 magic "SnDBpay1"      8 16 UUID of the collection      24 8 number of the segment
/// 32  8 hash of the last record that is covered                40 4 first ordinal
/// 44  4 ordinal behind the last    48 4 fields, n    52 4 bytes of the bitmap of unreadable records
/// 56  bitmap of unreadable records
///  .  for each field: 4 type (0 keyword ... 7 text)    4 bytes of the path  8 bytes of the section
///                     path, UTF-8                      section (FieldSection)
///  .  4 CRC-32 of all before
/// ```
final class PayloadBlockFormat {
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final long FROM = 40;
  static final long TO = 44;
  static final long FIELDS = 48;
  static final long UNREADABLE_SIZE = 52;
  static final int HEADER_SIZE = 56;
  static final int FIELD_HEADER_SIZE = 16;
  static final int CRC_SIZE = 4;
  private static final long MAGIC = 0x536E444270617931L; // "SnDBpay1"

  private PayloadBlockFormat() {}

  static void writeHeader(
      MemorySegment file,
      PayloadBlock.Origin origin,
      int from,
      int to,
      int fields,
      int unreadableSize) {
    file.set(LONG, 0, MAGIC);
    file.set(LONG, 8, origin.collection().getMostSignificantBits());
    file.set(LONG, 16, origin.collection().getLeastSignificantBits());
    file.set(LONG, 24, origin.segment());
    file.set(LONG, 32, origin.lastHash());
    file.set(INT, FROM, from);
    file.set(INT, TO, to);
    file.set(INT, FIELDS, fields);
    file.set(INT, UNREADABLE_SIZE, unreadableSize);
  }

  static byte[] fieldHeader(FieldType type, int nameSize, int contentSize) {
    return ByteBuffer.allocate(FIELD_HEADER_SIZE)
        .putInt(code(type))
        .putInt(nameSize)
        .putLong(contentSize)
        .array();
  }

  private static int code(FieldType type) {
    return switch (type) {
      case KEYWORD -> 0;
      case INTEGER -> 1;
      case FLOAT -> 2;
      case BOOLEAN -> 3;
      case DATETIME -> 4;
      case GEO -> 5;
      case UUID -> 6;
      case TEXT -> 7;
    };
  }

  /// @throws CorruptPayloadIndexException if there is no such type
  static FieldType type(int code) throws CorruptPayloadIndexException {
    for (FieldType type : FieldType.values()) {
      if (code(type) == code) {
        return type;
      }
    }
    throw new CorruptPayloadIndexException("there is no field type " + code);
  }

  /// @throws CorruptPayloadIndexException if it is damaged, or about something else
  static void check(MemorySegment file, PayloadBlock.Origin origin, String name)
      throws CorruptPayloadIndexException {
    long end = file.byteSize() - CRC_SIZE;
    if (end < HEADER_SIZE || file.get(LONG, 0) != MAGIC) {
      throw new CorruptPayloadIndexException(name + " is not a payload index of this version");
    }
    if (file.get(INT, end) != crc32(file.asSlice(0, end))) {
      throw new CorruptPayloadIndexException(name + " fails its CRC-32");
    }
    if (file.get(LONG, 8) != origin.collection().getMostSignificantBits()
        || file.get(LONG, 16) != origin.collection().getLeastSignificantBits()
        || file.get(LONG, 24) != origin.segment()
        || file.get(LONG, 32) != origin.lastHash()) {
      throw new CorruptPayloadIndexException(name + " is about other records");
    }
  }

  static int crc32(MemorySegment bytes) {
    CRC32 crc = new CRC32();
    long step = 1 << 30;
    for (long at = 0; at < bytes.byteSize(); at += step) {
      crc.update(bytes.asSlice(at, Math.min(step, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }

  static byte[] bitmap(RoaringBitmap bitmap) {
    try {
      bitmap.runOptimize();
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bitmap.serialize(new DataOutputStream(bytes));
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing but memory is written to
    }
  }
}
