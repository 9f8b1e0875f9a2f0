package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.store.LogCursor;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The changes of a collection in the order of their sequence numbers: history, then live, without
/// a gap or a double.
///
/// Whoever applies them has, at each moment, what the collection had at that sequence number. Of
/// the older history compaction may have left out changes that later ones supersede, never the last
/// change of an id; from [CollectionStats#completeFrom] on every single one is there.
///
/// It reads the log where it lies and keeps one record, however far behind it is. Not thread-safe.
public final class Subscription implements AutoCloseable {
  private static final long MAX_SECONDS = 1L << 32;

  private final Supplier<Engine> current;
  private Engine engine;
  private LogCursor cursor;
  private long horizon;
  private volatile boolean closed;

  /// @param current the collection's engine, which a full rebuild replaces
  /// @throws RescanRequiredException if changes from there on are missing
  Subscription(Supplier<Engine> current, long from) {
    this.current = current;
    this.engine = current.get();
    this.horizon = engine.log().horizon();
    // Who has seen nothing yet misses no delete.
    if (from > 1 && from <= horizon) {
      throw RescanRequiredException.of(horizon);
    }
    long next = engine.log().lastSequence() + 1;
    if (from > next) {
      throw new RescanRequiredException(
          "there is no change "
              + (from - 1)
              + ", the next one is "
              + next
              + ": the collection is another one, or was restored from a backup; read it again",
          horizon);
    }
    this.cursor = new LogCursor(engine.log(), from);
  }

  /// The next change, if there is one by then.
  ///
  /// @param timeout how long to wait for it, zero not to wait
  /// @throws InterruptedException if the thread is interrupted while it waits
  /// @throws RescanRequiredException if deletes were dropped that it has not come to
  public Optional<Change> next(Duration timeout) throws InterruptedException {
    // Years suffice for ever; nanoseconds since the start may wrap, their differences do not.
    long end =
        System.nanoTime()
            + Math.min(timeout.toSeconds(), MAX_SECONDS) * 1_000_000_000L
            + timeout.toNanosPart();
    while (!closed) {
      followRebuild();
      long seen = engine.log().lastSequence();
      Optional<Change> change = nextChange();
      if (change.isPresent()) {
        return change;
      }
      long left = end - System.nanoTime();
      if (left <= 0 || engine.log().isClosed() && engine == current.get()) {
        return Optional.empty();
      }
      engine.log().awaitPublished(seen + 1, left, () -> closed);
    }
    return Optional.empty();
  }

  /// The next record as it is stored, skip records included, if there is one now; a damaged one has
  /// no frames.
  ///
  /// @throws RescanRequiredException if deletes were dropped that it has not come to
  public synchronized Optional<RecordSound> nextSound() {
    followRebuild();
    if (closed || !advance()) {
      return Optional.empty();
    }
    return Optional.of(
        RecordSound.of(
            engine,
            cursor.segment(),
            cursor.ordinal(),
            Arrays.copyOf(cursor.bytes(), cursor.length()),
            cursor.length()));
  }

  /// The first sequence number that was not met yet.
  public synchronized long nextSequence() {
    return cursor.nextSequence();
  }

  /// Leaves out what comes before a sequence number.
  public synchronized void skipTo(long sequence) {
    followRebuild();
    cursor.close();
    cursor = new LogCursor(engine.log(), Math.max(sequence, cursor.nextSequence()));
  }

  /// From which record on, at the earliest, those that were not met yet are together no longer than
  /// some samples; the newest one counts, however long it is.
  ///
  /// @return its sequence number; [#nextSequence] if that is true of all of them
  public synchronized long firstWithin(long samples) {
    followRebuild();
    long next = cursor.nextSequence();
    long last = engine.log().lastSequence();
    List<Segment> segments = engine.log().segments();
    long first = last + 1;
    long sum = 0;
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      if (!segment.pin()) {
        continue; // compacted meanwhile: what is that new is not in it
      }
      try {
        RecordTable table = segment.table();
        for (int ordinal = table.count() - 1; ordinal >= 0; ordinal--) {
          long sequence = table.sequence(ordinal);
          if (sequence > last) {
            continue;
          }
          if (sequence < next) {
            return next;
          }
          sum += table.samples(ordinal);
          if (sum > samples && first <= last) {
            return first;
          }
          first = sequence;
        }
      } finally {
        segment.unpin();
      }
    }
    return next;
  }

  private void followRebuild() {
    if (engine != current.get()) {
      synchronized (this) {
        engine = current.get();
        cursor.close();
        cursor = new LogCursor(engine.log(), cursor.nextSequence());
      }
    }
  }

  private synchronized Optional<Change> nextChange() {
    while (!closed && advance()) {
      Optional<Change> change = change();
      if (change.isPresent()) {
        return change;
      }
    }
    return Optional.empty();
  }

  /// Goes to the next record. The horizon is asked afterwards: what was dropped before that is
  /// found missing.
  private boolean advance() {
    while (true) {
      long next = cursor.nextSequence();
      boolean found = cursor.next();
      long now = engine.log().manifest().horizon();
      if (now <= horizon || next > now) {
        return found;
      }
      cursor.close();
      if (next > 1) {
        horizon = now;
        throw RescanRequiredException.of(horizon);
      }
      // Nothing was read yet. The cursor may stand in a segment that still has what a delete
      // took away, and the delete is gone: begin again.
      horizon = engine.log().horizon();
      cursor = new LogCursor(engine.log(), next);
    }
  }

  private Optional<Change> change() {
    Engine.Reader reader = engine.take();
    try {
      RecordDecoder decoder = reader.decoder();
      long sequence = cursor.nextSequence() - 1;
      try {
        decoder.read(cursor.bytes(), 0, cursor.length());
        engine.check(decoder, cursor.segment(), cursor.ordinal());
      } catch (IOException e) {
        String reason = String.valueOf(e.getMessage());
        return Optional.of(
            new Change.Lost(engine.damage(cursor.segment(), cursor.ordinal(), reason), sequence));
      }
      return switch (decoder.kind()) {
        case UPSERT -> Optional.of(new Change.Upserted(engine.point(decoder)));
        case PAYLOAD ->
            Optional.of(
                new Change.PayloadChanged(
                    decoder.id(), Payload.stored(decoder.payload()), sequence));
        case DELETE ->
            Optional.of(
                decoder.isExpired()
                    ? new Change.Expired(decoder.id(), sequence)
                    : new Change.Deleted(decoder.id(), sequence));
        case SKIP -> Optional.empty();
      };
    } finally {
      engine.give(reader);
    }
  }

  /// Whether nothing comes any more: it was closed, or the collection was.
  public boolean isOver() {
    Engine now = current.get();
    return closed || now.log().isClosed() && now == engine;
  }

  /// Ends the subscription; a thread that waits in [#next] returns.
  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      cursor.close();
      engine.log().wake();
    }
  }
}
