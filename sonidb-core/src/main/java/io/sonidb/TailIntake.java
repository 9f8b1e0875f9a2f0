package io.sonidb;

import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.SoundRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Takes in what is written to the source of a copy ([TailSource]), as it comes: it is durable and
/// found as soon as the piece that completes its batch is accepted. What is here already is left
/// out, so a stream that broke off is begun anew from [#next].
///
/// Not thread-safe.
public final class TailIntake {
  private static final long MAX_WAITING = 48 << 20; // of a batch that has not come to its end

  private final Collection collection;
  private final int epoch;
  private final List<SoundRecord> waiting = new ArrayList<>();
  private long waitingBytes;
  private byte[] begun = new byte[TailFormat.HEAD + TailFormat.ROOM];
  private int size;

  TailIntake(Collection collection, int epoch) {
    this.collection = collection;
    this.epoch = epoch;
  }

  /// Number of the first record that is not here.
  public long next() {
    return collection.lastSequence() + 1;
  }

  /// Takes the next bytes of the stream, cut anywhere.
  ///
  /// @throws IOException if they are not what they should be, or cannot be written
  /// @throws SyncRefusedException if the collection is no copy of that history any more
  public void accept(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int wanted = wanted();
      if (begun.length < wanted) {
        begun = Arrays.copyOf(begun, wanted);
      }
      int count = Math.min(bytes.remaining(), wanted - size);
      bytes.get(begun, size, count);
      size += count;
      if (size == wanted() && size >= TailFormat.HEAD) {
        take();
        size = 0;
      }
    }
  }

  /// Bytes of the message, as far as they are known.
  private int wanted() throws IOException {
    if (size < TailFormat.HEAD) {
      return TailFormat.HEAD;
    }
    int body = ByteBuffer.wrap(begun).getInt(TailFormat.HEAD - Integer.BYTES);
    if (body < 0 || body > TailFormat.MAX_BODY) {
      throw new IOException("a message of " + body + " bytes is no piece of a tail");
    }
    return TailFormat.HEAD + body;
  }

  private void take() throws IOException {
    ByteBuffer head = ByteBuffer.wrap(begun);
    long upTo = head.getLong();
    long newest = head.getLong();
    RecordDecoder decoder = new RecordDecoder(collection.engine().log().header().format());
    for (int at = TailFormat.HEAD; at < size; ) {
      at += decoder.read(begun, at, size);
      waiting.add(decoder.record());
    }
    waitingBytes += size;
    boolean isWhole = waiting.isEmpty() || !waiting.getLast().batchContinues();
    if (!isWhole && waitingBytes < MAX_WAITING) {
      return; // of a batch all or nothing is seen
    }
    collection.heard(epoch, waiting, waitingBytes, isWhole ? upTo : 0, newest);
    waiting.clear();
    waitingBytes = 0;
  }
}
