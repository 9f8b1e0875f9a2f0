package io.sonidb.index;

import static io.sonidb.index.SegmentIndexFormat.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/// A `.idx` file: the record table of a segment, with the order of its ids.
///
/// @param collection UUID of the collection that the segment belongs to
/// @param segment number of the segment
/// @param coveredBytes bytes of the segment file that the entries describe
/// @param coveredSamples samples of the segment that the entries describe
/// @param table the records
public record SegmentIndex(
    UUID collection, long segment, long coveredBytes, long coveredSamples, RecordTable table) {

  /// Reads and checks a whole `.idx` file.
  ///
  /// @param file the file's bytes, mapped; must stay valid as long as the index is used
  /// @param name the file's name, for errors
  /// @throws CorruptIndexException if the bytes are not those that were written
  public static SegmentIndex open(MemorySegment file, String name) throws CorruptIndexException {
    if (file.byteSize() < HEADER_SIZE + CRC_SIZE || file.get(LONG, 0) != MAGIC) {
      throw new CorruptIndexException(name + " is not a SoniDB segment index");
    }
    long count = file.get(LONG, COUNT);
    long pool = file.get(LONG, POOL_SIZE);
    if (count < 0
        || pool < 0
        || count > Integer.MAX_VALUE - 8
        || pool > Integer.MAX_VALUE - 8
        || fileSize(count, pool) != file.byteSize()) {
      throw new CorruptIndexException(
          name + " has " + file.byteSize() + " bytes, which do not fit its " + count + " entries");
    }
    long end = file.byteSize() - CRC_SIZE;
    if (file.get(INT, end) != crc32(file.asSlice(0, end))) {
      throw new CorruptIndexException(name + " fails its CRC-32");
    }
    long entriesEnd = HEADER_SIZE + count * ENTRY_SIZE;
    long orderEnd = entriesEnd + count * 4;
    SegmentIndex index =
        new SegmentIndex(
            new UUID(file.get(LONG, UUID_HIGH), file.get(LONG, UUID_LOW)),
            file.get(LONG, SEGMENT_NUMBER),
            file.get(LONG, COVERED_BYTES),
            file.get(LONG, COVERED_SAMPLES),
            RecordTable.mapped(
                file.asSlice(HEADER_SIZE, entriesEnd - HEADER_SIZE),
                file.asSlice(orderEnd, pool),
                file.asSlice(entriesEnd, count * 4),
                (int) count));
    IndexCheck.check(index, file.asSlice(entriesEnd, count * 4), name);
    return index;
  }

  /// The bytes of the `.idx` file of a segment.
  public static MemorySegment write(
      UUID collection, long segment, long coveredBytes, long coveredSamples, RecordTable table) {
    MemorySegment entries = table.entryBytes();
    MemorySegment names = table.nameBytes();
    int count = table.count();
    MemorySegment file = Arena.ofAuto().allocate(fileSize(count, names.byteSize()), 8);
    file.set(LONG, 0, MAGIC);
    file.set(LONG, COUNT, count);
    file.set(LONG, POOL_SIZE, names.byteSize());
    file.set(LONG, UUID_HIGH, collection.getMostSignificantBits());
    file.set(LONG, UUID_LOW, collection.getLeastSignificantBits());
    file.set(LONG, SEGMENT_NUMBER, segment);
    file.set(LONG, COVERED_BYTES, coveredBytes);
    file.set(LONG, COVERED_SAMPLES, coveredSamples);
    MemorySegment.copy(entries, 0, file, HEADER_SIZE, entries.byteSize());
    long at = HEADER_SIZE + entries.byteSize();
    for (int ordinal : sorted(table, count)) {
      file.set(INT, at, ordinal);
      at += 4;
    }
    MemorySegment.copy(names, 0, file, at, names.byteSize());
    long end = file.byteSize() - CRC_SIZE;
    file.set(INT, end, crc32(file.asSlice(0, end)));
    return file;
  }

  /// The table's first `count` ordinals in ascending order of id and, for one id, of sequence
  /// number.
  static int[] sorted(RecordTable table, int count) {
    if (allNumbers(table, count)) {
      return sortedNumbers(table, count);
    }
    return IntStream.range(0, count)
        .boxed()
        .sorted((a, b) -> {
          int byId = table.compareIds(a, b);
          return byId != 0 ? byId : Integer.compare(a, b);
        })
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static boolean allNumbers(RecordTable table, int count) {
    MemorySegment entries = table.entryBytes();
    for (int i = 0; i < count; i++) {
      if (entries.get(BYTE, (long) i * ENTRY_SIZE + ID_KIND) != ID_NUMBER) {
        return false;
      }
    }
    return true;
  }

  // Ids that are numbers usually arrive in order, and then nothing needs sorting. Otherwise the low
  // 32 bits
  // of an ordinal ride below the number when it is small, which sorts primitives instead of
  // objects.
  private static int[] sortedNumbers(RecordTable table, int count) {
    MemorySegment entries = table.entryBytes();
    long largest = 0;
    boolean ascending = true;
    long previous = 0;
    for (int i = 0; i < count; i++) {
      long number = entries.get(LONG, (long) i * ENTRY_SIZE + ID_LOW);
      ascending &= i == 0 || Long.compareUnsigned(previous, number) <= 0;
      largest |= number;
      previous = number;
    }
    int[] order = new int[count];
    if (ascending) {
      Arrays.setAll(order, i -> i);
      return order;
    }
    if (largest >>> 32 == 0) {
      long[] keys = new long[count];
      for (int i = 0; i < count; i++) {
        // The sign bit flipped makes the signed sort of keys the unsigned order of numbers.
        keys[i] = (entries.get(LONG, (long) i * ENTRY_SIZE + ID_LOW) << 32 | i) ^ Long.MIN_VALUE;
      }
      Arrays.sort(keys);
      Arrays.setAll(order, i -> (int) keys[i]);
      return order;
    }
    return IntStream.range(0, count)
        .boxed()
        .sorted((a, b) -> {
          int byId =
              Long.compareUnsigned(
                  entries.get(LONG, (long) a * ENTRY_SIZE + ID_LOW),
                  entries.get(LONG, (long) b * ENTRY_SIZE + ID_LOW));
          return byId != 0 ? byId : Integer.compare(a, b);
        })
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /// CRC-32 of a memory segment of any size.
  static int crc32(MemorySegment bytes) {
    CRC32 crc = new CRC32();
    long step = 1 << 30;
    for (long at = 0; at < bytes.byteSize(); at += step) {
      crc.update(bytes.asSlice(at, Math.min(step, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }
}
