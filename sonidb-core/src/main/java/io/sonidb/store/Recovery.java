package io.sonidb.store;

import io.sonidb.flac.Frames;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.UnsupportedRecordException;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// Reads a segment from its audio alone and decides where it ends.
///
/// Frames carry no length, so the scan decodes one record after the other. Bytes that are no record
/// are one of two things. *Damage*: they were acknowledged, so they stay, are reported, and cost
/// the records in them. *A torn write*: a crash came before the acknowledgement, so they and
/// everything behind them never happened.
///
/// What was acknowledged is known from three sources: the length that the manifest noted at the
/// last clean close; later segments, which are written to only after this one is synced; and the
/// records themselves, each batch of which says up to which sequence number everything was durable
/// when it was encoded. Beyond that point at most one group was in flight, and a power loss may
/// have kept any of its pages: so the first bad byte there ends the segment, even when a later page
/// of the same group survived. A batch whose last record is missing is taken back whole.
final class Recovery {
  /// No record is longer: 16,384 doubles verbatim and a payload of 1 MiB, with their frames.
  static final int MAX_RECORD_BYTES = 1 << 21;

  private static final int WINDOW = MAX_RECORD_BYTES * 2;

  /// What a segment holds.
  ///
  /// @param table its records
  /// @param end byte position behind the last one that counts; the file's size unless the tail is
  ///   torn
  /// @param nextSample time position at which the next frame goes
  /// @param lastSequence sequence number of the last record, or the one before the segment
  /// @param damage acknowledged bytes that are no record
  record Result(
      RecordTable table, long end, long nextSample, long lastSequence, List<DamagedRange> damage) {}

  /// Bytes between two records (or behind the last one) that are no record.
  private record Gap(int before, long offset, long length, long sample, String reason) {}

  private final MemorySegment file;
  private final RecordDecoder decoder;
  private final byte[] window = new byte[WINDOW];
  private long windowStart;
  private int windowSize;

  private Recovery(MemorySegment file, SoundFormat format) {
    this.file = file;
    this.decoder = new RecordDecoder(format);
  }

  /// Scans a segment.
  ///
  /// @param file all bytes of the file
  /// @param name path for reports
  /// @param committedBytes everything before this position is known to be acknowledged
  /// @param previousSequence sequence number of the last record before the segment
  /// @throws FormatTooNewException if a record is sound but of a kind that is not known here
  static Result scan(
      MemorySegment file,
      String name,
      SoundFormat format,
      long committedBytes,
      long previousSequence)
      throws FormatTooNewException {
    return new Recovery(file, format).scan(name, committedBytes, previousSequence);
  }

  private Result scan(String name, long committedBytes, long previousSequence)
      throws FormatTooNewException {
    RecordTable table = RecordTable.growing();
    BitSet continues = new BitSet();
    List<Gap> gaps = new ArrayList<>();
    long acknowledged = 0;
    long sequence = previousSequence;
    long sample = 0;
    long at = SegmentFormat.HEAD_SIZE;
    while (at < file.byteSize()) {
      int offset = load(at);
      String reason;
      try {
        int length = decoder.read(window, offset, windowSize);
        if (decoder.sequence() > sequence && decoder.firstSample() >= sample) {
          if (decoder.batchContinues()) {
            continues.set(table.count());
          }
          acknowledged = Math.max(acknowledged, decoder.acknowledgedSequence().orElse(0));
          add(table, at, length);
          sequence = lastSequenceOf();
          sample = decoder.firstSample() + decoder.samples();
          at += length;
          continue;
        }
        reason =
            "a record out of place: sequence number " + decoder.sequence() + " after " + sequence;
      } catch (UnsupportedRecordException e) {
        throw new FormatTooNewException(
            name + " at byte " + at + ": " + e.getMessage() + ": update SoniDB to read it");
      } catch (IOException e) {
        reason = String.valueOf(e.getMessage());
      }
      long next = nextRecord(at + 1, sequence, sample);
      gaps.add(new Gap(table.count(), at, next - at, sample, reason));
      at = next;
    }
    return settle(table, continues, gaps, name, acknowledged, committedBytes, previousSequence);
  }

  private void add(RecordTable table, long at, int length) {
    Optional<VectorId> id =
        decoder.kind() == RecordKind.SKIP ? Optional.empty() : Optional.of(decoder.id());
    table.add(
        decoder.kind(),
        id,
        lastSequenceOf(),
        decoder.hash(),
        at,
        length,
        decoder.firstSample(),
        Math.toIntExact(decoder.samples()));
  }

  // A skip stands for several numbers; its table entry carries the last one, as the next record
  // goes on from there.
  private long lastSequenceOf() {
    return decoder.kind() == RecordKind.SKIP
        ? decoder.sequence() + decoder.skipCount() - 1
        : decoder.sequence();
  }

  private Result settle(
      RecordTable table,
      BitSet continues,
      List<Gap> gaps,
      String name,
      long acknowledged,
      long committedBytes,
      long previousSequence) {
    List<DamagedRange> damage = new ArrayList<>();
    long end = file.byteSize();
    int kept = table.count();
    for (Gap gap : gaps) {
      long firstMissing =
          (gap.before() == 0 ? previousSequence : table.sequence(gap.before() - 1)) + 1;
      boolean known =
          gap.offset() < committedBytes || firstMissing <= acknowledged && gap.before() < kept;
      if (!known) {
        end = gap.offset();
        kept = gap.before();
        break;
      }
      damage.add(
          new DamagedRange(name, gap.offset(), gap.sample(), Optional.empty(), gap.reason()));
    }
    int whole = kept;
    while (whole > 0 && continues.get(whole - 1)) {
      whole--;
    }
    if (whole < kept
        && table.sequence(kept - 1) > acknowledged
        && table.offset(kept - 1) >= committedBytes) {
      kept = whole;
      end = kept == 0 ? SegmentFormat.HEAD_SIZE : endOf(table, kept - 1);
    }
    table.truncate(kept);
    long nextSample = kept == 0 ? 0 : table.firstSample(kept - 1) + table.samples(kept - 1);
    return new Result(
        table, end, nextSample, kept == 0 ? previousSequence : table.sequence(kept - 1), damage);
  }

  private static long endOf(RecordTable table, int ordinal) {
    return table.offset(ordinal) + table.length(ordinal);
  }

  /// Position of the next record that may follow, or the end of the file.
  private long nextRecord(long from, long sequence, long sample) {
    long at = from;
    while (at < file.byteSize()) {
      int offset = load(at);
      int header = Frames.findHeader(window, offset, windowSize);
      if (header < 0) {
        // A header may straddle the end of the window: go on a little before it.
        long next = windowStart + windowSize;
        at = next >= file.byteSize() ? next : Math.max(at + 1, next - 32);
        continue;
      }
      at = windowStart + header;
      int loaded = load(at);
      try {
        decoder.read(window, loaded, windowSize);
        // A frame that an attacker put inside a vector's samples has neither the place nor the
        // number of a record
        // that could stand here.
        if (decoder.sequence() > sequence && decoder.firstSample() >= sample) {
          return at;
        }
      } catch (IOException notARecord) {
        // The search goes on behind this header.
      }
      at++;
    }
    return file.byteSize();
  }

  /// Makes sure that the window holds a whole record from `at` on, if the file does, and returns
  /// where `at` is in it.
  private int load(long at) {
    long left = file.byteSize() - at;
    if (at < windowStart || windowStart + windowSize - at < Math.min(left, MAX_RECORD_BYTES)) {
      windowStart = at;
      windowSize = (int) Math.min(WINDOW, left);
      MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, window, 0, windowSize);
    }
    return (int) (at - windowStart);
  }
}
