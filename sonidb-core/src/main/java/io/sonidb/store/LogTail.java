package io.sonidb.store;

import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/// What a copy has heard of its source behind the last state that it took in. It lies in segments
/// of the copy's own, whose records have the source's numbers, and is taken over into the folder of
/// the next state as far as that does not reach.
///
/// One thread uses it.
public final class LogTail implements AutoCloseable {
  private static final long STEP_BYTES = 4 << 20;

  private final Storage storage;
  private final Path folder;
  private final Executor cores;
  private final int coreCount;
  private Optional<SegmentLog> log = Optional.empty();

  /// The tail of a log that nobody has open.
  ///
  /// @param folder of the new state
  public LogTail(Storage storage, Path folder, Executor cores, int coreCount) {
    this.storage = storage;
    this.folder = folder;
    this.cores = cores;
    this.coreCount = coreCount;
  }

  /// Takes over what an older copy has and this one has not. Nothing is written if there is nothing
  /// of that kind.
  ///
  /// @param state number of the newest write in the new state
  /// @throws IOException if it cannot be read or written
  public void takeOver(SegmentLog older, long state) throws IOException {
    if (older.lastSequence() <= state) {
      return;
    }
    if (log.isEmpty()) {
      SegmentLog opened = SegmentLog.open(storage, folder, cores, coreCount);
      opened.start(new Unheard(), false);
      log = Optional.of(opened);
    }
    SegmentLog to = log.get();
    long last = older.lastSequence();
    RecordDecoder decoder = new RecordDecoder(older.header().format());
    try (LogCursor cursor = new LogCursor(older, to.lastSequence() + 1)) {
      List<SoundRecord> records = new ArrayList<>();
      long bytes = 0;
      while (cursor.next()) {
        decoder.read(cursor.bytes(), 0, cursor.length());
        records.add(decoder.record());
        bytes += cursor.length();
        if (bytes >= STEP_BYTES && !decoder.batchContinues()) {
          append(to, records, bytes);
          records.clear();
          bytes = 0;
        }
      }
      append(to, records, bytes);
    }
    to.skipTo(last);
  }

  /// Appends records under the numbers that they have, and leaves out those in between. What is
  /// there already is not appended again.
  ///
  /// @param log to which nobody else appends
  /// @param records in the order of their numbers; of a batch either all or none
  /// @param bytes that they take, about
  public static void append(SegmentLog log, List<SoundRecord> records, long bytes)
      throws IOException {
    List<SoundRecord> run = new ArrayList<>();
    long next = log.lastSequence() + 1;
    for (SoundRecord record : records) {
      if (record.kind() == RecordKind.SKIP) {
        long last = record.sequence() + record.skipCount() - 1;
        if (last >= next) {
          copy(log, run, bytes);
          log.skipTo(last);
          next = last + 1;
        }
        continue;
      }
      if (record.sequence() < next) {
        continue;
      }
      if (record.sequence() > next) {
        copy(log, run, bytes);
        log.skipTo(record.sequence() - 1);
      }
      run.add(record);
      next = record.sequence() + 1;
    }
    copy(log, run, bytes);
  }

  private static void copy(SegmentLog log, List<SoundRecord> run, long bytes) throws IOException {
    if (!run.isEmpty()) {
      log.copy(run.getFirst().sequence(), new Copies(List.copyOf(run), bytes));
      run.clear();
    }
  }

  private record Copies(List<SoundRecord> all, long bytes) implements SegmentLog.Records {
    @Override
    public int count() {
      return all.size();
    }

    @Override
    public SoundRecord record(int index, long sequence, boolean continues, long acknowledged) {
      // What is durable at the source need not be so here.
      SoundRecord copy = all.get(index).withoutAcknowledgedSequence().withBatchContinues(continues);
      return acknowledged < 0 ? copy : copy.withAcknowledgedSequence(acknowledged);
    }
  }

  /// Nobody reads what is written before the folder is in its place.
  private static final class Unheard implements SegmentLog.Listener {
    @Override
    public void published(Segment segment, int from, int to) {}

    @Override
    public void moved(Segment from, int fromOrdinal, Segment to, int toOrdinal) {}

    @Override
    public long sequenceOf(VectorId id) {
      return 0;
    }

    @Override
    public long nowMillis() {
      return 0;
    }
  }

  /// Lets go of the folder; what was taken over is durable.
  @Override
  public void close() throws IOException {
    if (log.isPresent()) {
      log.get().close();
      log = Optional.empty();
    }
  }
}
