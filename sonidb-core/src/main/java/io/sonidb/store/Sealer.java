package io.sonidb.store;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.Md5;
import io.sonidb.flac.PcmMd5;
import io.sonidb.flac.SeekTable;
import io.sonidb.flac.StreamInfo;
import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.RecordTable;
import io.sonidb.index.SegmentIndex;
import io.sonidb.sound.PartSink;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundFormat;
import io.sonidb.store.Manifest.IndexFile;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.zip.CRC32;

/// Makes a segment complete: tables, checksums, `.idx`.
///
/// Every step can be done again after a crash and gives the same bytes; only the manifest, which
/// the caller writes afterwards, makes the segment sealed.
final class Sealer {
  private static final int STEP = 1 << 16;

  private final Storage storage;
  private final Path folder;

  Sealer(Storage storage, Path folder) {
    this.storage = storage;
    this.folder = folder;
  }

  /// What sealing found out.
  ///
  /// @param entry for the manifest
  /// @param segment that was completed
  /// @param bytes the whole file, mapped in the segment's arena
  /// @param table the records, mapped there too
  record Outcome(SegmentEntry entry, Segment segment, MemorySegment bytes, RecordTable table) {}

  /// A segment whose frames are all written, and its entry, open.
  record Job(SegmentEntry entry, Segment segment) {}

  /// Completes segments, side by side. One that cannot be completed does not keep the others from
  /// it.
  ///
  /// @param failed hears of each that could not be completed
  /// @return what was found out of the others
  List<Outcome> seal(List<Job> jobs, BiConsumer<Segment, Throwable> failed) {
    List<Outcome> outcomes = new ArrayList<>();
    try (Arena hearing = Arena.ofConfined()) {
      List<Job> synced = new ArrayList<>();
      List<Listening.Source> sources = new ArrayList<>();
      for (Job job : jobs) {
        attempt(
            job,
            failed,
            () -> {
              sources.add(synced(job, hearing));
              synced.add(job);
            });
      }
      List<Audio> heard =
          synced.isEmpty()
              ? List.of()
              : Listening.hear(sources, synced.getFirst().entry().header().format());
      for (int i = 0; i < synced.size(); i++) {
        Job job = synced.get(i);
        Audio audio = heard.get(i);
        attempt(job, failed, () -> outcomes.add(complete(job, audio)));
      }
    }
    return outcomes;
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void attempt(Job job, BiConsumer<Segment, Throwable> failed, Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException | RuntimeException | Error e) {
      failed.accept(job.segment(), e);
    }
  }

  private Listening.Source synced(Job job, Arena arena) throws IOException {
    long end = job.segment().end();
    try (Storage.File file = storage.openToWrite(folder.resolve(job.entry().file()))) {
      file.sync();
      return new Listening.Source(file.map(0, end, arena), job.segment().table(), end);
    }
  }

  private Outcome complete(Job job, Audio audio) throws IOException {
    try (Storage.File file = storage.openToWrite(folder.resolve(job.entry().file()))) {
      return complete(job.entry(), job.segment(), file, audio);
    }
  }

  /// Writes the head of a segment whose frames are synced, then its `.idx` file.
  ///
  /// @param entry of the segment, open
  /// @param segment with the table of its records, and its end
  /// @param audio what decoding it told
  Outcome complete(SegmentEntry entry, Segment segment, Storage.File file, Audio audio)
      throws IOException {
    byte[] head = head(entry, audio);
    file.write(
        SegmentFormat.STREAM_INFO_END,
        ByteBuffer.wrap(
            head,
            SegmentFormat.STREAM_INFO_END,
            SegmentFormat.HEAD_SIZE - SegmentFormat.STREAM_INFO_END));
    file.sync();
    file.write(0, ByteBuffer.wrap(head, 0, SegmentFormat.STREAM_INFO_END));
    file.sync();
    long end = segment.end();
    RecordTable table = segment.table();
    CRC32 crc = new CRC32();
    MessageDigest sha256 = sha256();
    digest(file, end, crc, sha256);
    IndexFile index =
        writeIndex(
            entry.header(),
            SegmentFormat.indexName(entry.file(), true),
            entry.number(),
            end,
            audio.info().totalSamples(),
            table);
    Manifest.Sealed sealed =
        new Manifest.Sealed(
            table.count(),
            audio.deletes(),
            audio.firstSequence() >= 0 ? audio.firstSequence() : table.sequence(0),
            table.sequence(table.count() - 1),
            audio.newestDeleteMillis(),
            audio.info().totalSamples(),
            audio.damaged().size() + gaps(table, end).size(),
            (int) crc.getValue(),
            HexFormat.of().formatHex(sha256.digest()));
    return new Outcome(
        entry.sealed(crcOf(head), end, index, sealed),
        segment,
        file.map(0, end, segment.arena()),
        openIndex(entry.header(), index, entry.number(), segment.arena()).table());
  }

  private static void digest(Storage.File file, long end, CRC32 crc, MessageDigest sha256)
      throws IOException {
    try (Arena reading = Arena.ofConfined()) {
      MemorySegment bytes = file.map(0, end, reading);
      byte[] step = new byte[(int) Math.min(STEP, end)];
      for (long at = 0; at < end; at += STEP) {
        int size = (int) Math.min(STEP, end - at);
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, step, 0, size);
        crc.update(step, 0, size);
        sha256.update(step, 0, size);
      }
    }
  }

  private static byte[] head(SegmentEntry entry, Audio audio) {
    return SegmentFormat.head(
        entry.header(),
        SegmentFormat.epochOf(entry.file()),
        entry.number(),
        entry.compacted(),
        audio.info(),
        audio.points());
  }

  /// Restores the head of a sealed segment if it is not as it was written.
  ///
  /// @return whether it had to be restored, and could be
  boolean repairHead(SegmentEntry entry, RecordTable table) throws IOException {
    try (Storage.File file = storage.openToWrite(folder.resolve(entry.file()));
        Arena hearing = Arena.ofConfined()) {
      long size = Math.min(file.size(), entry.committedBytes());
      MemorySegment bytes = file.map(0, size, hearing);
      byte[] found =
          bytes.asSlice(0, Math.min(size, SegmentFormat.HEAD_SIZE)).toArray(ValueLayout.JAVA_BYTE);
      if (crcOf(found) == entry.headCrc32()) {
        return false;
      }
      Listening.Source source = new Listening.Source(bytes, table, entry.committedBytes());
      byte[] head =
          head(entry, Listening.hear(List.of(source), entry.header().format()).getFirst());
      if (crcOf(head) != entry.headCrc32()) {
        return false;
      }
      file.write(0, ByteBuffer.wrap(head));
      file.sync();
      return true;
    }
  }

  /// Writes an `.idx` file.
  IndexFile writeIndex(
      CollectionHeader header, String file, int number, long end, long samples, RecordTable table)
      throws IOException {
    MemorySegment bytes = SegmentIndex.write(header.uuid(), number, end, samples, table);
    storage.replace(folder.resolve(file), bytes.asByteBuffer());
    return new IndexFile(file, bytes.byteSize(), lastInt(bytes));
  }

  /// Opens and checks an `.idx` file that the manifest names.
  ///
  /// @param arena that it is mapped in
  SegmentIndex openIndex(CollectionHeader header, IndexFile index, int number, Arena arena)
      throws IOException {
    Path path = folder.resolve(index.file());
    if (!storage.exists(path)) {
      throw new CorruptIndexException(index.file() + " is missing");
    }
    try (Storage.File file = storage.open(path)) {
      MemorySegment bytes = file.map(0, file.size(), arena);
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
  /// @param deletes how many records delete
  /// @param newestDeleteMillis when the last of them was written, 0 if unknown
  /// @param firstSequence first sequence number, -1 if the first record is damaged
  record Audio(
      StreamInfo info,
      List<SeekTable.SeekPoint> points,
      List<Damaged> damaged,
      int deletes,
      long newestDeleteMillis,
      long firstSequence) {}

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

  /// Gathers, record by record, what is to be known of a whole segment.
  static final class Hearing implements PartSink {
    private final SoundFormat format;
    private final PcmMd5 md5;
    private final List<Damaged> damaged = new ArrayList<>();
    private int[] firstFrames = new int[1024]; // samples, by ordinal; 0 for a damaged record
    private int minFrame = Integer.MAX_VALUE;
    private int maxFrame;
    private int firstFrame;
    private int deletes;
    private long newestDeleteMillis;
    private long firstSequence = -1;

    Hearing(SoundFormat format, PcmMd5 md5) {
      this.format = format;
      this.md5 = md5;
    }

    @Override
    public void part(FrameDecoder frame, int size) {
      md5.update(frame);
      minFrame = Math.min(minFrame, size);
      maxFrame = Math.max(maxFrame, size);
      if (firstFrame == 0) {
        firstFrame = frame.blockSize();
      }
    }

    /// A record, all its parts, was heard.
    void heard(RecordDecoder decoder, int ordinal) {
      if (ordinal >= firstFrames.length) {
        firstFrames = Arrays.copyOf(firstFrames, Math.max(ordinal + 1, firstFrames.length * 2));
      }
      firstFrames[ordinal] = firstFrame;
      if (ordinal == 0) {
        firstSequence = decoder.sequence(); // the table has a skip under its last number
      }
      firstFrame = 0;
      if (decoder.kind() == RecordKind.DELETE) {
        deletes++;
        newestDeleteMillis = Math.max(newestDeleteMillis, decoder.insertedAtMillis());
      }
    }

    void damaged(int ordinal, String reason) {
      firstFrame = 0;
      damaged.add(new Damaged(ordinal, reason));
    }

    /// @param end where the segment's last record ends
    Audio audio(RecordTable table, long end) {
      boolean whole = damaged.isEmpty() && gaps(table, end).isEmpty();
      int last = table.count() - 1;
      long total = last < 0 ? 0 : table.firstSample(last) + table.samples(last);
      return new Audio(
          new StreamInfo(
              SegmentFormat.MIN_BLOCK_SIZE,
              SegmentFormat.MAX_BLOCK_SIZE,
              whole && maxFrame > 0 ? minFrame : 0,
              whole ? maxFrame : 0,
              format.audio(),
              total,
              whole ? md5.digest() : Md5.UNKNOWN),
          points(table, end),
          damaged,
          deletes,
          newestDeleteMillis,
          firstSequence);
    }

    /// Seek points at even distances; the same for the same segment, however it came about.
    private List<SeekTable.SeekPoint> points(RecordTable table, long end) {
      List<SeekTable.SeekPoint> points = new ArrayList<>();
      long every = Math.max(1, (end - SegmentFormat.HEAD_SIZE) / SegmentFormat.SEEK_POINTS);
      long next = SegmentFormat.HEAD_SIZE;
      int count = Math.min(table.count(), firstFrames.length);
      for (int ordinal = 0;
          ordinal < count && points.size() < SegmentFormat.SEEK_POINTS;
          ordinal++) {
        long offset = table.offset(ordinal);
        if (offset >= next && firstFrames[ordinal] > 0) {
          points.add(
              new SeekTable.SeekPoint(
                  table.firstSample(ordinal),
                  offset - SegmentFormat.HEAD_SIZE,
                  firstFrames[ordinal]));
          next = offset + every;
        }
      }
      return points;
    }
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
    if (decoder.kind() != table.kind(ordinal)
        || decoder.kind() != RecordKind.SKIP
            && !table.id(ordinal).map(decoder::isAbout).orElse(false)) {
      return "the index names another id here";
    }
    return "";
  }
}
