package io.sonidb.store;

import io.sonidb.flac.Md5;
import io.sonidb.flac.PcmMd5;
import io.sonidb.flac.SeekTable;
import io.sonidb.flac.StreamInfo;
import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.RecordTable;
import io.sonidb.index.SegmentIndex;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/// Makes a segment complete: tables, checksums, `.idx`.
///
/// Every step can be done again after a crash and gives the same bytes; only the manifest, which
/// the caller writes afterwards, makes the segment sealed.
final class Sealer {
  private static final int STEP = 1 << 20;

  private final Storage storage;
  private final Path folder;
  private final CollectionHeader header;

  Sealer(Storage storage, Path folder, CollectionHeader header) {
    this.storage = storage;
    this.folder = folder;
    this.header = header;
  }

  /// What sealing found out.
  ///
  /// @param sealed for the manifest
  /// @param index for the manifest
  /// @param headCrc32 CRC-32 of the head as it is now
  /// @param bytes the whole file, mapped
  /// @param table the records, mapped
  record Outcome(
      Manifest.Sealed sealed,
      Manifest.IndexFile index,
      int headCrc32,
      MemorySegment bytes,
      RecordTable table) {}

  /// Completes a segment whose frames are all written.
  ///
  /// @param table the segment's records
  /// @param end bytes of the file that count
  /// @param epoch of the segment
  Outcome seal(String name, int epoch, int number, RecordTable table, long end) throws IOException {
    Path path = folder.resolve(name);
    Audio audio;
    byte[] head;
    MemorySegment bytes;
    try (Storage.File file = storage.openToWrite(path)) {
      file.sync();
      audio = hear(file.map(0, end), table, header.format(), end);
      head = SegmentFormat.head(header, epoch, number, audio.info(), audio.points());
      file.write(
          SegmentFormat.STREAM_INFO_END,
          ByteBuffer.wrap(
              head,
              SegmentFormat.STREAM_INFO_END,
              SegmentFormat.HEAD_SIZE - SegmentFormat.STREAM_INFO_END));
      file.sync();
      file.write(0, ByteBuffer.wrap(head, 0, SegmentFormat.STREAM_INFO_END));
      file.sync();
      bytes = file.map(0, end);
    }
    CRC32 crc = new CRC32();
    MessageDigest sha256 = sha256();
    byte[] step = new byte[(int) Math.min(STEP, end)];
    for (long at = 0; at < end; at += STEP) {
      int size = (int) Math.min(STEP, end - at);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, step, 0, size);
      crc.update(step, 0, size);
      sha256.update(step, 0, size);
    }
    Manifest.IndexFile index =
        writeIndex(
            SegmentFormat.indexName(name, true), number, end, audio.info().totalSamples(), table);
    int last = table.count() - 1;
    return new Outcome(
        new Manifest.Sealed(
            table.count(),
            table.sequence(0),
            table.sequence(last),
            audio.info().totalSamples(),
            audio.damaged().size() + gaps(table, end).size(),
            (int) crc.getValue(),
            HexFormat.of().formatHex(sha256.digest())),
        index,
        crcOf(head),
        bytes,
        openIndex(index, number).table());
  }

  /// Restores the head of a sealed segment if it is not as it was written.
  ///
  /// @return whether it had to be restored, and could be
  boolean repairHead(Manifest.SegmentEntry entry, RecordTable table) throws IOException {
    try (Storage.File file = storage.openToWrite(folder.resolve(entry.file()))) {
      long size = Math.min(file.size(), entry.committedBytes());
      MemorySegment bytes = file.map(0, size);
      byte[] found =
          bytes.asSlice(0, Math.min(size, SegmentFormat.HEAD_SIZE)).toArray(ValueLayout.JAVA_BYTE);
      if (crcOf(found) == entry.headCrc32()) {
        return false;
      }
      Audio audio = hear(bytes, table, header.format(), entry.committedBytes());
      byte[] head =
          SegmentFormat.head(
              header,
              SegmentFormat.epochOf(entry.file()),
              entry.number(),
              audio.info(),
              audio.points());
      if (crcOf(head) != entry.headCrc32()) {
        return false;
      }
      file.write(0, ByteBuffer.wrap(head));
      file.sync();
      return true;
    }
  }

  /// Writes an `.idx` file.
  Manifest.IndexFile writeIndex(String file, int number, long end, long samples, RecordTable table)
      throws IOException {
    MemorySegment bytes = SegmentIndex.write(header.uuid(), number, end, samples, table);
    storage.replace(folder.resolve(file), bytes.asByteBuffer());
    return new Manifest.IndexFile(file, bytes.byteSize(), lastInt(bytes));
  }

  /// Opens and checks an `.idx` file that the manifest names.
  SegmentIndex openIndex(Manifest.IndexFile index, int number) throws IOException {
    Path path = folder.resolve(index.file());
    if (!storage.exists(path)) {
      throw new CorruptIndexException(index.file() + " is missing");
    }
    try (Storage.File file = storage.open(path)) {
      MemorySegment bytes = file.map(0, file.size());
      SegmentIndex opened = SegmentIndex.open(bytes, index.file());
      if (!opened.collection().equals(header.uuid())
          || opened.segment() != number
          || lastInt(bytes) != index.crc32()) {
        throw new CorruptIndexException(index.file() + " is not the file that the manifest names");
      }
      return opened;
    }
  }

  private static int lastInt(MemorySegment bytes) {
    return Integer.reverseBytes(
        bytes.get(
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN),
            bytes.byteSize() - 4));
  }

  static int crcOf(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// What decoding a whole segment tells.
  ///
  /// @param info STREAMINFO of the complete file; its MD5 is unknown when a record was damaged
  /// @param points for the SEEKTABLE
  /// @param damaged ordinals of records that are not as they were written, and why
  record Audio(StreamInfo info, List<SeekTable.SeekPoint> points, List<Damaged> damaged) {}

  /// Bytes of a segment between its records that belong to none.
  record Gap(long offset, long length) {}

  /// The gaps between the records of a table, up to `end`.
  static List<Gap> gaps(RecordTable table, long end) {
    List<Gap> gaps = new ArrayList<>();
    long expected = SegmentFormat.HEAD_SIZE;
    for (int ordinal = 0; ordinal < table.count() && expected < end; ordinal++) {
      if (table.offset(ordinal) > expected) {
        gaps.add(new Gap(expected, table.offset(ordinal) - expected));
      }
      expected = table.offset(ordinal) + table.length(ordinal);
    }
    if (expected < end) {
      gaps.add(new Gap(expected, end - expected));
    }
    return gaps;
  }

  /// A record that is not as it was written.
  record Damaged(int ordinal, String reason) {}

  /// Decodes every record of a segment.
  ///
  /// @param file the bytes of the file, which may be fewer than `end`
  /// @param end where the last record ends; records of the table that lie behind are left out
  static Audio hear(MemorySegment file, RecordTable table, SoundFormat format, long end) {
    PcmMd5 md5 = new PcmMd5(format.audio());
    Sizes sizes = new Sizes();
    List<SeekTable.SeekPoint> points = new ArrayList<>();
    List<Damaged> damaged = new ArrayList<>();
    RecordDecoder decoder = new RecordDecoder(format);
    byte[] window = new byte[(int) Math.min(STEP, file.byteSize())];
    long windowStart = 0;
    int windowSize = 0;
    long pointEvery = Math.max(1, (end - SegmentFormat.HEAD_SIZE) / SegmentFormat.SEEK_POINTS);
    long nextPoint = SegmentFormat.HEAD_SIZE;
    int count = table.count();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      long offset = table.offset(ordinal);
      int length = table.length(ordinal);
      if (offset >= end) {
        break;
      }
      if (length <= 0 || length > Recovery.MAX_RECORD_BYTES || offset + length > file.byteSize()) {
        damaged.add(new Damaged(ordinal, "the file ends before the record"));
        continue;
      }
      if (offset < windowStart || offset + length > windowStart + windowSize) {
        windowStart = offset;
        windowSize = (int) Math.min(Math.max(STEP, length), file.byteSize() - offset);
        if (windowSize > window.length) {
          window = new byte[windowSize];
        }
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, offset, window, 0, windowSize);
      }
      int at = (int) (offset - windowStart);
      sizes.firstFrame = 0;
      try {
        int read =
            decoder.read(
                window,
                at,
                at + length,
                (frame, size) -> {
                  md5.update(frame);
                  sizes.add(frame.blockSize(), size);
                });
        String wrong = mismatch(decoder, table, ordinal, read);
        if (!wrong.isEmpty()) {
          damaged.add(new Damaged(ordinal, wrong));
        } else if (offset >= nextPoint && points.size() < SegmentFormat.SEEK_POINTS) {
          points.add(
              new SeekTable.SeekPoint(
                  decoder.firstSample(), offset - SegmentFormat.HEAD_SIZE, sizes.firstFrame));
          nextPoint = offset + pointEvery;
        }
      } catch (IOException e) {
        damaged.add(new Damaged(ordinal, String.valueOf(e.getMessage())));
      }
    }
    boolean whole = damaged.isEmpty() && gaps(table, end).isEmpty();
    int last = table.count() - 1;
    long total = last < 0 ? 0 : table.firstSample(last) + table.samples(last);
    return new Audio(
        new StreamInfo(
            SegmentFormat.MIN_BLOCK_SIZE,
            SegmentFormat.MAX_BLOCK_SIZE,
            whole ? sizes.min() : 0,
            whole ? sizes.maxFrame : 0,
            format.audio(),
            total,
            whole ? md5.digest() : Md5.UNKNOWN),
        points,
        damaged);
  }

  /// Compares a record that was decoded with what the table says of it; empty when they agree.
  static String mismatch(RecordDecoder decoder, RecordTable table, int ordinal, int read) {
    if (decoder.hash() != table.hash(ordinal) || read != table.length(ordinal)) {
      return "the index names another record here";
    }
    if (decoder.firstSample() != table.firstSample(ordinal)) {
      return "the record has time position "
          + decoder.firstSample()
          + " where "
          + table.firstSample(ordinal)
          + " belongs";
    }
    Optional<VectorId> id = table.id(ordinal);
    if (decoder.kind() != table.kind(ordinal)
        || decoder.kind() != RecordKind.SKIP && !id.equals(Optional.of(decoder.id()))) {
      return "the index names another id here";
    }
    return "";
  }

  private static final class Sizes {
    private int minFrame = Integer.MAX_VALUE;
    private int maxFrame;
    private int firstFrame;

    void add(int blockSize, int frameSize) {
      minFrame = Math.min(minFrame, frameSize);
      maxFrame = Math.max(maxFrame, frameSize);
      if (firstFrame == 0) {
        firstFrame = blockSize;
      }
    }

    int min() {
      return minFrame == Integer.MAX_VALUE ? 0 : minFrame;
    }
  }
}
