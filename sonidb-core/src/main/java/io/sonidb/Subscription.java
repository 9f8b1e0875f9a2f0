package io.sonidb;

import io.sonidb.sound.RecordDecoder;
import io.sonidb.store.LogCursor;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/// The changes of a collection in the order of their sequence numbers: history, then live, without
/// a gap or a double.
///
/// It reads the log where it lies and keeps one window of bytes, however far behind it is. Not
/// thread-safe.
public final class Subscription implements AutoCloseable {
  private static final long MAX_SECONDS = 1L << 32;

  private final Supplier<Engine> current;
  private final RecordDecoder decoder;
  private Engine engine;
  private LogCursor cursor;
  private volatile boolean closed;

  /// @param current the collection's engine, which a full rebuild replaces
  Subscription(Supplier<Engine> current, long from) {
    this.current = current;
    this.engine = current.get();
    this.cursor = new LogCursor(engine.log(), from);
    this.decoder = new RecordDecoder(engine.log().header().format());
  }

  /// The next change, if there is one by then.
  ///
  /// @param timeout how long to wait for it, zero not to wait
  /// @throws InterruptedException if the thread is interrupted while it waits
  public Optional<Change> next(Duration timeout) throws InterruptedException {
    // Years suffice for ever; nanoseconds since the start may wrap, their differences do not.
    long end =
        System.nanoTime()
            + Math.min(timeout.toSeconds(), MAX_SECONDS) * 1_000_000_000L
            + timeout.toNanosPart();
    while (!closed) {
      if (engine != current.get()) {
        engine = current.get();
        cursor.close();
        cursor = new LogCursor(engine.log(), cursor.nextSequence());
      }
      long seen = engine.log().lastSequence();
      while (cursor.next()) {
        Optional<Change> change = change();
        if (change.isPresent()) {
          return change;
        }
      }
      long left = end - System.nanoTime();
      if (left <= 0 || engine.log().isClosed() && engine == current.get()) {
        return Optional.empty();
      }
      engine.log().awaitPublished(seen + 1, left);
    }
    return Optional.empty();
  }

  private Optional<Change> change() {
    int ordinal = cursor.ordinal();
    long sequence = cursor.segment().table().sequence(ordinal);
    try {
      decoder.read(cursor.bytes(), 0, cursor.length());
      engine.check(decoder, cursor.segment(), ordinal);
    } catch (IOException e) {
      return Optional.of(
          new Change.Lost(
              engine.damage(cursor.segment(), ordinal, String.valueOf(e.getMessage())), sequence));
    }
    return switch (decoder.kind()) {
      case UPSERT -> Optional.of(new Change.Upserted(engine.point(decoder)));
      case DELETE -> Optional.of(new Change.Deleted(decoder.id(), sequence));
      case PAYLOAD, SKIP -> Optional.empty();
    };
  }

  /// Ends the subscription; a thread that waits in [#next] returns at its timeout.
  @Override
  public void close() {
    closed = true;
  }
}
