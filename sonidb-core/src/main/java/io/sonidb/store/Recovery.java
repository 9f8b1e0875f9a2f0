package io.sonidb.store;

import io.sonidb.flac.Frames;
import io.sonidb.index.RecordTable;
import io.sonidb.index.SegmentIndex;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.UnsupportedRecordException;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Reads a segment from its audio alone and decides where it ends.
///
/// # Where a segment ends
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
/// have kept any of its sectors; those that it lost read as zeros, since the file had nothing there
/// before. So bytes that are no record and hold such a sector end the segment, even when a later
/// page of the same group survived; bytes that hold none, with records behind them, are damage. A
/// batch whose last record is missing is taken back whole.
///
/// # Where it goes on behind damage
///
/// Records that follow one another without a gap are a *run*. Behind damage the scan looks for the
/// next frame that begins a record, and may find one that somebody put into the samples of a vector
/// or into a payload, in order to be found when that record is damaged. Such a forgery cannot take
/// the place of anything: the record around it used up at least one sequence number and
/// [#MIN_RECORD_SAMPLES] samples, so does the rest of it behind the forgery, and true records go on
/// with the very next number. When two runs contradict each other in this way, the one that reaches
/// the end of the file counts, else the longer one.
final class Recovery {
  /// No record is longer: 16,384 doubles verbatim or as tones of 18 bits, or all the longest
  /// pulses, at most 300 kB, and a payload of 1 MiB, with their 310 frames.
  static final int MAX_RECORD_BYTES = 1 << 21;

  /// No sequence number is larger: with one more each nanosecond it is reached in 146 years.
  static final long MAX_SEQUENCE = 1L << 62;

  private static final int MIN_RECORD_SAMPLES = SegmentFormat.MIN_BLOCK_SIZE;

  // A frame of 4608 samples has at least 18 bytes: header, subframes, CRC-16.
  private static final long MAX_SAMPLES_PER_BYTE = 256;
  private static final int WINDOW = MAX_RECORD_BYTES * 2;

  // A disk writes at least so many bytes or none of them.
  private static final int SECTOR = 512;
  private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[SECTOR]);

  /// What is known of a segment before its frames are read.
  ///
  /// @param start byte position of the first record that is looked at
  /// @param startSample its time position
  /// @param previousSequence sequence number of the last record before it
  /// @param committedBytes everything before this position is known to be acknowledged
  /// @param lastSequence no record has a larger sequence number
  /// @param samples no record ends behind this sample
  record Bounds(
      long start,
      long startSample,
      long previousSequence,
      long committedBytes,
      long lastSequence,
      long samples) {
    private static final long MAX_SAMPLES = 1L << 36;

    static Bounds open(long previousSequence, long committedBytes, long lastSequence) {
      return new Bounds(
          SegmentFormat.HEAD_SIZE, 0, previousSequence, committedBytes, lastSequence, MAX_SAMPLES);
    }

    /// Only what lies behind the records of an index.
    Bounds behind(SegmentIndex index) {
      return new Bounds(
          index.coveredBytes(),
          index.coveredSamples(),
          previousSequence,
          committedBytes,
          lastSequence,
          samples);
    }

    static Bounds sealed(long previousSequence, Manifest.Sealed sealed) {
      return new Bounds(
          SegmentFormat.HEAD_SIZE,
          0,
          previousSequence,
          Long.MAX_VALUE,
          sealed.lastSequence(),
          sealed.samples());
    }
  }

  /// What a segment holds.
  ///
  /// @param table its records
  /// @param end byte position behind the last one that counts; the file's size unless the tail is
  ///   torn
  /// @param durableEnd byte position up to which everything is known to survive a power loss
  /// @param nextSample time position at which the next frame goes
  /// @param damage acknowledged bytes that are no record
  record Result(
      RecordTable table, long end, long durableEnd, long nextSample, List<DamagedRange> damage) {}

  /// Records that follow one another; a gap is in front of each run but one at the segment's begin.
  ///
  /// @param first ordinal of its first record
  /// @param start byte position of that record
  /// @param sequence of the last record before it
  /// @param sample behind the last record before it
  /// @param why there is a gap in front
  private record Run(int first, long start, long sequence, long sample, String why) {}

  private final MemorySegment file;
  private final CollectionHeader header;
  private final Bounds bounds;
  private final String name;
  private final RecordDecoder decoder;
  private final byte[] window;
  private long windowStart;
  private int windowSize;

  private final RecordTable table = RecordTable.growing();
  private final BitSet continues = new BitSet();
  private final List<Long> acknowledged = new ArrayList<>(); // by each run
  private final List<Run> runs = new ArrayList<>();
  private long sequence;
  private long sample;
  private String reason = "";

  private Recovery(MemorySegment file, String name, CollectionHeader header, Bounds bounds) {
    this.file = file;
    this.name = name;
    this.header = header;
    this.bounds = bounds;
    this.window = new byte[(int) Math.min(WINDOW, file.byteSize())];
    this.decoder = new RecordDecoder(header.format());
    this.sequence = bounds.previousSequence();
    this.sample = bounds.startSample();
  }

  /// Sequence number of the record with which a segment begins, if it is sound.
  static OptionalLong firstSequence(MemorySegment file, CollectionHeader header) {
    Recovery first =
        new Recovery(file, "", header, Bounds.open(0, SegmentFormat.HEAD_SIZE, MAX_SEQUENCE));
    if (file.byteSize() > SegmentFormat.HEAD_SIZE) {
      try {
        int offset = first.load(SegmentFormat.HEAD_SIZE);
        first.decoder.read(first.window, offset, first.windowSize);
        return OptionalLong.of(first.decoder.sequence());
      } catch (IOException damaged) {
        // Then nothing is known from there.
      }
    }
    return OptionalLong.empty();
  }

  /// Scans a segment.
  ///
  /// @param file all bytes of the file
  /// @param name path for reports
  /// @throws UnsupportedFormatException if a record is sound but of a kind that is not known here
  static Result scan(MemorySegment file, String name, CollectionHeader header, Bounds bounds)
      throws UnsupportedFormatException {
    return new Recovery(file, name, header, bounds).scan();
  }

  private Result scan() throws UnsupportedFormatException {
    long at = bounds.start();
    long end = at;
    if (at < file.byteSize()) {
      begin(new Run(0, at, sequence, sample, ""));
      end = keepRun(at);
      at = end;
    }
    while (at < file.byteSize()) {
      String why = reason;
      at = nextRecord(at + 1, end);
      if (at == file.byteSize()) {
        break;
      }
      if (fits(sequence, sample) || makeRoom(at)) {
        begin(new Run(table.count(), at, sequence, sample, why));
        end = keepRun(at);
        at = end;
      } else {
        at = walk(at);
      }
    }
    return settle();
  }

  private void begin(Run run) {
    runs.add(run);
    acknowledged.add(0L);
  }

  /// Whether the decoder's record can stand behind damage that stands behind `sequence` and
  /// `sample`.
  private boolean fits(long sequence, long sample) {
    return decoder.sequence() >= sequence + 2
        && decoder.firstSample() >= sample + MIN_RECORD_SAMPLES;
  }

  /// Takes back runs that contradict the one that begins with the decoder's record, if they are
  /// less believable.
  private boolean makeRoom(long at) {
    int keep = runs.size() - 1;
    while (keep > 0 && !fits(runs.get(keep).sequence(), runs.get(keep).sample())) {
      keep--;
    }
    // The first run begins where the segment does, so there is nothing to doubt about it.
    if (keep == 0) {
      return false;
    }
    Run doubted = runs.get(keep);
    long doubtedBytes = 0;
    for (int ordinal = doubted.first(); ordinal < table.count(); ordinal++) {
      doubtedBytes += table.length(ordinal);
    }
    long end = walk(at);
    if (end < file.byteSize() && end - at <= doubtedBytes) {
      return false;
    }
    table.truncate(doubted.first());
    continues.clear(doubted.first(), Math.max(doubted.first(), continues.length()));
    runs.subList(keep, runs.size()).clear();
    acknowledged.subList(keep, acknowledged.size()).clear();
    sequence = doubted.sequence();
    sample = doubted.sample();
    return true;
  }

  /// Reads records from `at` on as long as they follow one another, without keeping them, and
  /// returns where they end.
  private long walk(long at) {
    long end = at;
    long last = -1;
    long next = 0;
    while (end < file.byteSize()) {
      try {
        int offset = load(end);
        int length = decoder.read(window, offset, windowSize);
        if (last >= 0 && (decoder.sequence() <= last || decoder.firstSample() < next)) {
          break;
        }
        last = lastSequenceOf();
        next = decoder.firstSample() + decoder.samples();
        end += length;
      } catch (IOException e) {
        break;
      }
    }
    return Math.max(end, at + 1);
  }

  /// Reads and keeps records from `at` on as long as they follow one another, and returns where
  /// they end.
  private long keepRun(long at) throws UnsupportedFormatException {
    long end = at;
    while (end < file.byteSize()) {
      int offset = load(end);
      try {
        int length = decoder.read(window, offset, windowSize);
        if (decoder.sequence() <= sequence || decoder.firstSample() < sample || !isOurs()) {
          reason =
              "a record out of place: sequence number " + decoder.sequence() + " after " + sequence;
          return end;
        }
        keep(end, length);
        end += length;
      } catch (UnsupportedRecordException e) {
        throw new UnsupportedFormatException(
            name + " at byte " + end + ": " + e.getMessage() + ": update SoniDB to read it");
      } catch (IOException e) {
        reason = String.valueOf(e.getMessage());
        return end;
      }
    }
    return end;
  }

  private boolean isOurs() {
    return lastSequenceOf() <= bounds.lastSequence()
        && decoder.firstSample() + decoder.samples() <= bounds.samples()
        && (decoder.kind() != RecordKind.UPSERT || decoder.dimension() == header.dimension());
  }

  private void keep(long at, int length) {
    if (decoder.batchContinues()) {
      continues.set(table.count());
    }
    int run = acknowledged.size() - 1;
    acknowledged.set(run, Math.max(acknowledged.get(run), decoder.acknowledgedSequence()));
    Optional<VectorId> id =
        decoder.kind() == RecordKind.SKIP ? Optional.empty() : Optional.of(decoder.id());
    sequence = lastSequenceOf();
    table.add(
        decoder.kind(),
        id,
        sequence,
        decoder.hash(),
        at,
        length,
        decoder.firstSample(),
        Math.toIntExact(decoder.samples()),
        detail());
    sample = decoder.firstSample() + decoder.samples();
  }

  // A skip stands for several numbers; its table entry carries the last one, as the next record
  // goes on from there.
  private long lastSequenceOf() {
    return decoder.kind() == RecordKind.SKIP
        ? decoder.sequence() + decoder.skipCount() - 1
        : decoder.sequence();
  }

  private long detail() {
    return switch (decoder.kind()) {
      case UPSERT -> Math.max(0, decoder.expiresAtMillis());
      case PAYLOAD -> Math.max(0, decoder.vectorSequence());
      case DELETE, SKIP -> 0;
    };
  }

  private Result settle() {
    List<DamagedRange> damage = new ArrayList<>();
    long claimed = acknowledged.stream().mapToLong(Long::longValue).max().orElse(0);
    long end = file.byteSize();
    int kept = table.count();
    for (int i = 0; i <= runs.size() && end == file.byteSize(); i++) {
      boolean last = i == runs.size();
      int before = last ? table.count() : runs.get(i).first();
      long offset = before == 0 ? bounds.start() : endOf(before - 1);
      if (offset >= (last ? file.byteSize() : runs.get(i).start())) {
        continue;
      }
      long firstMissing =
          (before == 0 ? bounds.previousSequence() : table.sequence(before - 1)) + 1;
      if (offset < bounds.committedBytes()
          || firstMissing <= claimed && before < kept
          || !last && !holdsLostSector(offset, runs.get(i).start())) {
        damage.add(
            new DamagedRange(
                name,
                offset,
                before == 0 ? bounds.startSample() : endSample(before - 1),
                Optional.empty(),
                last ? reason : runs.get(i).why()));
      } else {
        end = offset;
        kept = before;
      }
    }
    int whole = kept;
    while (whole > 0 && continues.get(whole - 1)) {
      whole--;
    }
    if (whole < kept
        && table.sequence(kept - 1) > claimed
        && table.offset(kept - 1) >= bounds.committedBytes()) {
      end = table.offset(whole);
      kept = whole;
    }
    table.truncate(kept);
    int durable = table.firstAtOrAfter(claimed + 1);
    long durableEnd = durable < kept ? table.offset(durable) : end;
    return new Result(
        table,
        end,
        Math.min(end, Math.max(durableEnd, bounds.committedBytes())),
        kept == 0 ? bounds.startSample() : endSample(kept - 1),
        damage);
  }

  /// Whether a power loss may have lost a sector between two places. The first one may begin with
  /// what an earlier write had saved, so its rest alone is looked at; a frame never begins with a
  /// zero.
  private boolean holdsLostSector(long from, long to) {
    long at = from;
    while (at < to) {
      long next = at / SECTOR * SECTOR + SECTOR;
      if (next <= to && MemorySegment.mismatch(file, at, next, ZEROS, 0, next - at) < 0) {
        return true;
      }
      at = next;
    }
    return false;
  }

  private long endOf(int ordinal) {
    return table.offset(ordinal) + table.length(ordinal);
  }

  private long endSample(int ordinal) {
    return table.firstSample(ordinal) + table.samples(ordinal);
  }

  /// Position of the next record that may stand behind damage, or the end of the file. The decoder
  /// has read it.
  ///
  /// @param damaged where the damage begins
  private long nextRecord(long from, long damaged) {
    long at = from;
    while (at < file.byteSize()) {
      int offset = load(at);
      int found = Frames.findHeader(window, offset, windowSize);
      if (found < 0) {
        // A header may straddle the end of the window: go on a little before it.
        long next = windowStart + windowSize;
        at = next >= file.byteSize() ? next : Math.max(at + 1, next - 32);
        continue;
      }
      at = windowStart + found;
      int loaded = load(at);
      try {
        decoder.read(window, loaded, windowSize);
        if (isOurs() && isWithinReach(at - damaged)) {
          return at;
        }
      } catch (IOException notARecord) {
        // The search goes on behind this header.
      }
      at++;
    }
    return file.byteSize();
  }

  /// Whether so many damaged bytes can hold what lies between the last record and the decoder's.
  private boolean isWithinReach(long bytes) {
    return decoder.firstSample() <= sample + bytes * MAX_SAMPLES_PER_BYTE
        && decoder.sequence() <= sequence + bytes + Integer.MAX_VALUE;
  }

  /// Makes sure that the window holds a whole record from `at` on, if the file does, and returns
  /// where `at` is in it.
  private int load(long at) {
    long left = file.byteSize() - at;
    if (at < windowStart || windowStart + windowSize - at < Math.min(left, MAX_RECORD_BYTES)) {
      windowStart = at;
      windowSize = (int) Math.min(window.length, left);
      MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, window, 0, windowSize);
    }
    return (int) (at - windowStart);
  }
}
