package io.sonidb;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/// What is written to a collection, as it is written, for copies elsewhere ([TailIntake]): upserts,
/// deletes and payload changes with their numbers, as soon as they are durable.
///
/// One thread reads; any may close it.
public final class TailSource implements AutoCloseable {
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  private final Collection collection;
  private final AudioStream audio;
  private final int epoch;
  private final byte[] room = new byte[TailFormat.ROOM];

  TailSource(Collection collection, AudioStream audio, int epoch) {
    this.collection = collection;
    this.audio = audio;
    this.epoch = epoch;
    if (!isSource()) {
      audio.close();
      throw new SyncRefusedException(
          "collection "
              + collection.name()
              + (collection.isReplica()
                  ? " is a replica here: follow its source"
                  : " is in epoch " + collection.epoch() + " here, not " + epoch),
          0);
    }
  }

  private boolean isSource() {
    return !collection.isReplica() && collection.epoch() == epoch;
  }

  /// Waits for the next piece.
  ///
  /// @return a whole message; one without records when nothing happens for a second; empty when
  ///   nothing comes any more, for example because the collection is not the source any more
  /// @throws InterruptedException if the thread is interrupted
  public Optional<ByteBuffer> next() throws InterruptedException {
    ByteBuffer records = audio.records(room);
    if (!records.hasRemaining() && !audio.isOver()) {
      audio.await(HEARTBEAT);
      records = audio.records(room);
    }
    if (!isSource() || audio.isOver() && !records.hasRemaining()) {
      return Optional.empty();
    }
    ByteBuffer message = ByteBuffer.allocate(TailFormat.HEAD + records.remaining());
    message.putLong(audio.nextSequence() - 1);
    message.putLong(collection.lastSequence());
    message.putInt(records.remaining());
    message.put(records);
    return Optional.of(message.flip());
  }

  /// Ends it; whoever waits in [#next] returns.
  @Override
  public void close() {
    audio.close();
  }
}
