package io.sonidb.search;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;

/// The layout of a `search-*.part` file.
///
/// ```
///  0  8 magic "SnDBsea2"      8 16 UUID of the collection
/// 24  8 first sequence number that is covered     32 8 last one
/// 40  4 nodes, n             44  4 dimension      48 1 metric (0 cosine, 1 dot, 2 euclid)
/// 49  1 kind of codes (1 one bit, 8 bytes)        50 1 levels of the graph, 0 without one
/// 51  1 links of a node, at most (twice that on level 0)
/// 52  4 entry node           56  4 vectors left out, u      60 4 anchors, a
/// 64  4 landmarks, m         68  4 zero
/// 72  u x 8   sequence numbers of the vectors left out
///  .  a x 16  anchors: sequence number and hash of a record
///  .  m x 4   landmarks: nodes at which walks through the graph begin
///  .  d x 4   centroid of the rotated vectors, float32; of codes of one bit only
///  .  n x 4   of each node, its sequence number less the first one; ascending
///  .  n x c   codes
///  .  for each level of the graph: 4 nodes on it, k; 8 bytes of its links
///             k x 4 these nodes, ascending, except on level 0, which has all
///             k x 4 where the links of each begin
///             links: a varint with their number, then of each, ascending, a varint with the
///             distance from the one before (from -1 at first), less 1
///  .  4 CRC-32 of all before
/// ```
final class SearchPartFormat {
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  static final long MAGIC = 0x536E444273656132L; // "SnDBsea2"
  static final long UUID_HIGH = 8;
  static final long UUID_LOW = 16;
  static final long FROM = 24;
  static final long TO = 32;
  static final long NODES = 40;
  static final long DIMENSION = 44;
  static final long METRIC = 48;
  static final long KIND = 49;
  static final long LEVELS = 50;
  static final long LINKS = 51;
  static final long ENTRY = 52;
  static final long LEFT_OUT = 56;
  static final long ANCHORS = 60;
  static final long LANDMARKS = 64;
  static final int HEADER_SIZE = 72;
  static final int ANCHOR_SIZE = 16;
  static final int LEVEL_HEADER_SIZE = 12;
  static final int CRC_SIZE = 4;

  private static final String PREFIX = "search-";
  private static final String SUFFIX = ".part";
  private static final long STEP = 1 << 30;

  private SearchPartFormat() {}

  static String name(long from, long to, int crc) {
    return PREFIX + from + "-" + to + "-" + String.format("%08x", crc) + SUFFIX;
  }

  static boolean isName(String file) {
    return file.startsWith(PREFIX) && file.endsWith(SUFFIX);
  }

  static byte code(Score score) {
    return switch (score) {
      case COSINE -> 0;
      case DOT -> 1;
      case EUCLID -> 2;
      case MANHATTAN -> throw new IllegalArgumentException("manhattan has no codes");
    };
  }

  static Optional<Score> score(byte code) {
    return Arrays.stream(Score.values())
        .filter(score -> score != Score.MANHATTAN && code(score) == code)
        .findFirst();
  }

  static int crc32(MemorySegment bytes) {
    CRC32 crc = new CRC32();
    for (long at = 0; at < bytes.byteSize(); at += STEP) {
      crc.update(bytes.asSlice(at, Math.min(STEP, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }

  static boolean isOf(MemorySegment file, UUID collection) {
    return file.get(LONG, UUID_HIGH) == collection.getMostSignificantBits()
        && file.get(LONG, UUID_LOW) == collection.getLeastSignificantBits();
  }
}
