package io.sonidb.client;

import io.sonidb.flac.Frames;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.MalformedRecordException;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.UnsupportedRecordException;
import java.util.Arrays;

/// Reads records that lie one behind the other, several at a time where as many are there, with the
/// outcome that each has when it is read by itself.
///
/// Where they lie is guessed from what looks like the header of a frame with the right number. A
/// guess is used only if the record before it has turned out to end there.
final class RecordRow {
  /// As many as the decoder reads at a time at best.
  private static final int MOST = 16;

  /// With fewer it does not read them at a time.
  private static final int LEAST = MOST / 2;

  private final RecordDecoder decoder;
  private final int[] starts = new int[MOST + 1];
  private final int[] limits = new int[MOST];

  /// Of those that are prepared: how many, and the next one.
  private int prepared;

  private int next;

  /// What begins before this offset is read by itself, and another frame follows it.
  private int alone;

  /// Whether the last record had several frames; then the next frames may be no first ones.
  private boolean hadParts;

  /// @param decoder for these records alone
  RecordRow(RecordDecoder decoder) {
    this.decoder = decoder;
  }

  /// To be called whenever bytes have moved or come.
  void forget() {
    prepared = 0;
    next = 0;
    alone = 0;
  }

  /// Whether another frame seems to follow the one at `at`, so that it is there to its end.
  ///
  /// @param end of what has come
  boolean isFollowed(byte[] bytes, int at, int end) {
    while (next < prepared && starts[next] < at) {
      next++;
    }
    if (at < alone || (next < prepared && starts[next] == at)) {
      return true;
    }
    prepared = 0;
    next = 0;
    alone = 0;
    int followed = Frames.findRow(bytes, at, end, starts) - 1;
    if (followed < 1) {
      return false;
    }
    if (followed < LEAST || hadParts) {
      alone = starts[hadParts ? 1 : followed];
      return true;
    }
    Arrays.fill(limits, end);
    decoder.prepare(bytes, starts, limits, followed);
    prepared = followed;
    return true;
  }

  /// Reads the record at `at`, for which [#isFollowed] has just been asked.
  ///
  /// @return how many bytes it has
  /// @throws MalformedFlacException as [RecordDecoder#read(byte\[\], int, int)]
  /// @throws MalformedRecordException as that
  /// @throws UnsupportedRecordException as that
  int read(byte[] bytes, int at, int end)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    boolean isPrepared = next < prepared && starts[next] == at;
    hadParts = true; // if it fails: most likely because not all of them have come
    int size = isPrepared ? decoder.readPrepared(next) : decoder.read(bytes, at, end);
    hadParts = decoder.parts() > 1;
    return size;
  }
}
