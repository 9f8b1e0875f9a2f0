package io.sonidb.index;

import static io.sonidb.index.SegmentIndexFormat.*;

import io.sonidb.sound.VectorId;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/// Checks that a `.idx` file makes sense, whatever its checksum says: that its records follow one
/// another within what it covers, and that its ids can be read and are sorted. Afterwards nothing
/// in it can lead a reader astray, only to bytes that are no record.
final class IndexCheck {
  private final SegmentIndex index;
  private final MemorySegment entries;
  private final MemorySegment names;
  private final MemorySegment order;
  private final int count;
  private final String file;

  private IndexCheck(SegmentIndex index, MemorySegment order, String file) {
    this.index = index;
    this.entries = index.table().entryBytes();
    this.names = index.table().nameBytes();
    this.order = order;
    this.count = index.table().count();
    this.file = file;
  }

  /// Checks a whole index.
  ///
  /// @param order its sorted ordinals
  /// @param file its name, for errors
  static void check(SegmentIndex index, MemorySegment order, String file)
      throws CorruptIndexException {
    IndexCheck check = new IndexCheck(index, order, file);
    check.checkEntries();
    check.checkOrder();
  }

  private void checkEntries() throws CorruptIndexException {
    long end = 0;
    long sample = 0;
    long sequence = -1;
    for (int i = 0; i < count; i++) {
      long at = (long) i * ENTRY_SIZE;
      long offset = Integer.toUnsignedLong(entries.get(INT, at + OFFSET));
      int length = entries.get(INT, at + LENGTH);
      require(length > 0 && offset >= end, i, "place in the file");
      end = offset + length;
      require(end <= index.coveredBytes(), i, "place in the file");
      long firstSample = entries.get(LONG, at + FIRST_SAMPLE);
      int samples = entries.get(INT, at + SAMPLES);
      require(samples > 0 && firstSample >= sample, i, "time position");
      require(firstSample <= index.coveredSamples() - samples, i, "time position");
      sample = firstSample + samples;
      require(entries.get(LONG, at + SEQUENCE) > sequence, i, "sequence number");
      sequence = entries.get(LONG, at + SEQUENCE);
      byte kind = entries.get(BYTE, at + KIND);
      long detail = entries.get(LONG, at + DETAIL);
      require(
          detail >= 0
              && (kind == KIND_UPSERT || detail < sequence)
              && (kind == KIND_UPSERT || kind == KIND_PAYLOAD || detail == 0),
          i,
          "detail");
      byte idKind = entries.get(BYTE, at + ID_KIND);
      require(kind >= KIND_UPSERT && kind <= KIND_SKIP, i, "kind");
      require(idKind >= ID_NUMBER && idKind <= ID_NONE, i, "id");
      require(kind == KIND_SKIP == (idKind == ID_NONE), i, "id");
      if (idKind == ID_NAME) {
        checkName(i, at);
      }
    }
  }

  private void checkName(int ordinal, long at) throws CorruptIndexException {
    long start = entries.get(LONG, at + ID_HIGH);
    int size = Short.toUnsignedInt(entries.get(SHORT, at + NAME_LENGTH));
    require(
        start >= 0 && start <= names.byteSize() && size <= names.byteSize() - start,
        ordinal,
        "name");
    ByteBuffer bytes = names.asSlice(start, size).asByteBuffer();
    try {
      var _ = new VectorId.Name(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
    } catch (CharacterCodingException | IllegalArgumentException e) {
      throw new CorruptIndexException(file + ": the name of entry " + ordinal + " is none");
    }
  }

  private void checkOrder() throws CorruptIndexException {
    BitSet seen = new BitSet(count);
    int previous = -1;
    for (int rank = 0; rank < count; rank++) {
      int ordinal = order.get(INT, rank * 4L);
      require(ordinal >= 0 && ordinal < count && !seen.get(ordinal), rank, "rank");
      seen.set(ordinal);
      if (previous >= 0) {
        int byId = index.table().compareIds(previous, ordinal);
        require(byId < 0 || byId == 0 && previous < ordinal, rank, "rank");
      }
      previous = ordinal;
    }
  }

  private void require(boolean fine, int entry, String what) throws CorruptIndexException {
    if (!fine) {
      throw new CorruptIndexException(file + ": the " + what + " of entry " + entry + " is wrong");
    }
  }
}
