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
    if (hasGaps(audio.nextSequence())) {
      audio.close();
      throw new RescanRequiredException(
          "collection "
              + collection.name()
              + " was compacted: who has it up to number "
              + (audio.nextSequence() - 1)
              + " needs the next state first",
          completeFrom() - 1);
    }
  }

  /// Whether writes from a number on may be missing because others superseded them, or deletes. Who
  /// heard the rest one by one would come through states that there never were.
  private boolean hasGaps(long from) {
    return completeFrom() > from;
  }

  private long completeFrom() {
    return collection.engine().log().manifest().completeFrom();
  }

  private boolean isSource() {
    return !collection.isReplica() && collection.epoch() == epoch;
  }

  /// Waits for the next piece.
  ///
  /// @return a whole message; one without records when nothing happens for a second; empty when
  ///   nothing comes any more, because the collection is not the source any more, or because it was
  ///   compacted before all was sent: then the next state has to come first
  /// @throws InterruptedException if the thread is interrupted
  public Optional<ByteBuffer> next() throws InterruptedException {
    long from = audio.nextSequence();
    ByteBuffer records = audio.records(room);
    if (!records.hasRemaining() && !audio.isOver()) {
      audio.await(HEARTBEAT);
      records = audio.records(room);
    }
    // Gaps are asked for afterwards: the manifest tells of them before the segments have them.
    if (!isSource() || hasGaps(from) || audio.isOver() && !records.hasRemaining()) {
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
