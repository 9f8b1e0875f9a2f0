package io.sonidb.index;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The bytes of a `.idx` file: where each record of one segment lies, and what it is.
///
/// ```
/// offset  size  field
///      0     8  magic "SnDBidx2"
///      8     8  number of entries, n
///     16     8  bytes of the name pool, p
///     24    16  UUID of the collection
///     40     8  number of the segment
///     48     8  bytes of the segment file that the entries cover
///     56     8  samples of the segment that the entries cover
///     64  64*n  entries, in the order of the file and so of the sequence numbers
///      .   4*n  ordinals of the entries, sorted by id and, for one id, by sequence number
///      .     p  name pool: UTF-8 bytes of the ids that are names
///      .     4  CRC-32 of every byte before it
/// ```
///
/// One entry:
///
/// ```
///      0     8  record hash, as stored in the record
///      8     8  sequence number
///     16     8  time position: first sample of the record's first frame
///     24     4  byte offset of the record in the segment file, unsigned
///     28     4  bytes of the record, all its frames
///     32     1  record kind (0 upsert, 1 delete, 2 payload, 3 skip)
///     33     1  id kind (0 number, 1 UUID, 2 name, 3 none)
///     34     2  bytes of the name
///     36     4  samples of the record
///     40    16  id: number in the low half | UUID | offset in the name pool and fingerprint
///     56     8  upsert: when it expires, milliseconds since 1970, 0 never
///               payload: sequence number of the upsert whose vector it belongs to; else 0
/// ```
///
/// Everything is big-endian, as FLAC is. The file is immutable, and written anew from the audio
/// when it is lost.
final class SegmentIndexFormat {
  static final long MAGIC = 0x536E444269647832L; // "SnDBidx2"
  static final int HEADER_SIZE = 64;
  static final int ENTRY_SIZE = 64;
  static final int CRC_SIZE = 4;

  static final int COUNT = 8;
  static final int POOL_SIZE = 16;
  static final int UUID_HIGH = 24;
  static final int UUID_LOW = 32;
  static final int SEGMENT_NUMBER = 40;
  static final int COVERED_BYTES = 48;
  static final int COVERED_SAMPLES = 56;

  static final int HASH = 0;
  static final int SEQUENCE = 8;
  static final int FIRST_SAMPLE = 16;
  static final int OFFSET = 24;
  static final int LENGTH = 28;
  static final int KIND = 32;
  static final int ID_KIND = 33;
  static final int NAME_LENGTH = 34;
  static final int SAMPLES = 36;
  static final int ID_HIGH = 40;
  static final int ID_LOW = 48;
  static final int DETAIL = 56;

  static final byte KIND_UPSERT = 0;
  static final byte KIND_DELETE = 1;
  static final byte KIND_PAYLOAD = 2;
  static final byte KIND_SKIP = 3;

  static final int ID_NUMBER = 0;
  static final int ID_UUID = 1;
  static final int ID_NAME = 2;
  static final int ID_NONE = 3;

  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private SegmentIndexFormat() {}

  /// Size in bytes of a whole file with `count` entries and `poolSize` bytes of names.
  static long fileSize(long count, long poolSize) {
    return HEADER_SIZE + count * (ENTRY_SIZE + 4L) + poolSize + CRC_SIZE;
  }
}
