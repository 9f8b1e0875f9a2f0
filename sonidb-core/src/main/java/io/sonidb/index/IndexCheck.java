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
///
/// Entries are copied out many at a time, as numbers: of a collection that is just opened nothing
/// is compiled yet, and then reading a mapped file number by number takes many times as long.
final class IndexCheck {
  private static final int AT_ONCE = 1024;
  private static final int WORDS = ENTRY_SIZE / Integer.BYTES;

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
    int[] words = new int[AT_ONCE * WORDS];
    long end = 0;
    long sample = 0;
    long sequence = -1;
    for (int i = 0; i < count; i++) {
      int word = i % AT_ONCE * WORDS;
      if (word == 0) {
        int some = Math.min(AT_ONCE, count - i);
        MemorySegment.copy(entries, INT, (long) i * ENTRY_SIZE, words, 0, some * WORDS);
      }
      long offset = Integer.toUnsignedLong(words[word + OFFSET / 4]);
      int length = words[word + LENGTH / 4];
      require(length > 0 && offset >= end, i, "place in the file");
      end = offset + length;
      require(end <= index.coveredBytes(), i, "place in the file");
      long firstSample = longAt(words, word + FIRST_SAMPLE / 4);
      int samples = words[word + SAMPLES / 4];
      require(samples > 0 && firstSample >= sample, i, "time position");
      require(firstSample <= index.coveredSamples() - samples, i, "time position");
      sample = firstSample + samples;
      long number = longAt(words, word + SEQUENCE / 4);
      require(number > sequence, i, "sequence number");
      sequence = number;
      int kinds = words[word + KIND / 4]; // both, and the length of the name
      int kind = kinds >> 24;
      long detail = longAt(words, word + DETAIL / 4);
      require(
          detail >= 0
              && (kind == KIND_UPSERT || detail < sequence)
              && (kind == KIND_UPSERT || kind == KIND_PAYLOAD || detail == 0),
          i,
          "detail");
      int idKind = (byte) (kinds >> 16);
      require(kind >= KIND_UPSERT && kind <= KIND_SKIP, i, "kind");
      require(idKind >= ID_NUMBER && idKind <= ID_NONE, i, "id");
      require(kind == KIND_SKIP == (idKind == ID_NONE), i, "id");
      if (idKind == ID_NAME) {
        checkName(i, (long) i * ENTRY_SIZE);
      }
    }
  }

  private static long longAt(int[] words, int at) {
    return (long) words[at] << 32 | Integer.toUnsignedLong(words[at + 1]);
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
    int[] ordinals = new int[count];
    MemorySegment.copy(order, INT, 0, ordinals, 0, count);
    BitSet seen = new BitSet(count);
    for (int rank = 0; rank < count; rank++) {
      int ordinal = ordinals[rank];
      require(ordinal >= 0 && ordinal < count && !seen.get(ordinal), rank, "rank");
      seen.set(ordinal);
      if (rank > 0) {
        int byId = index.table().compareIds(ordinals[rank - 1], ordinal);
        require(byId < 0 || byId == 0 && ordinals[rank - 1] < ordinal, rank, "rank");
      }
    }
  }

  private void require(boolean fine, int entry, String what) throws CorruptIndexException {
    if (!fine) {
      throw new CorruptIndexException(file + ": the " + what + " of entry " + entry + " is wrong");
    }
  }
}
