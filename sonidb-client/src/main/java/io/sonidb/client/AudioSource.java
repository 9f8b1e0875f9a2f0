package io.sonidb.client;

import io.sonidb.Change;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.MalformedRecordException;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.UnsupportedRecordException;
import io.sonidb.sound.Vector;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/// Reads the records of a node's FLAC stream.
///
/// Every frame must begin with the sample behind the last one, the first with sample 0: so a piece
/// that got lost on the way is noticed, wherever it was. Each record is checked by its frames' CRCs
/// and its hash.
final class AudioSource implements ChangeSource {
  private static final int MARKER = 0x664C6143;
  private static final int LAST_BLOCK = 0x80;
  private static final int START_BYTES = 1 << 16;

  /// No record is longer.
  private static final int MAX_BYTES = 1 << 23;

  private final InputStream in;
  private final RecordDecoder decoder;
  private final RecordRow row;
  private final Function<String, UnexpectedAnswerException> unexpected;
  private byte[] buffer = new byte[START_BYTES];
  private int at;
  private int end;
  private boolean hasHead;
  private long sample;
  private long next;

  /// @param in the stream from its first byte on; closed with this
  /// @param from first sequence number that was asked for
  /// @param unexpected what to throw when asking again cannot help
  AudioSource(
      InputStream in,
      ElementType element,
      long from,
      Function<String, UnexpectedAnswerException> unexpected) {
    this.in = in;
    this.decoder = new RecordDecoder(SoundFormat.of(element));
    this.row = new RecordRow(decoder);
    this.next = from;
    this.unexpected = unexpected;
  }

  @Override
  public long nextSequence() {
    return next;
  }

  @Override
  public Optional<Change> next() throws IOException {
    if (!hasHead) {
      skipHead();
      hasHead = true;
    }
    while (true) {
      if (at == end && !more()) {
        return Optional.empty();
      }
      int size = read();
      if (decoder.firstSample() != sample) {
        throw new IOException(
            "a frame begins with sample "
                + decoder.firstSample()
                + ", not "
                + sample
                + ": something before it got lost");
      }
      sample += decoder.samples();
      at += size;
      boolean isNew = decoder.sequence() >= next;
      next = Math.max(next, decoder.sequence() + Math.max(1, decoder.skipCount()));
      Optional<Change> change = isNew ? change() : Optional.empty();
      if (change.isPresent()) {
        return change;
      }
    }
  }

  /// Reads the record at `at` as soon as all of it has come.
  private int read() throws IOException {
    while (true) {
      boolean isCutOff = !row.isFollowed(buffer, at, end) && end - at <= MAX_BYTES;
      if (isCutOff && in.available() > 0 && more()) {
        continue; // what is there already is cheaper to take than to try without
      }
      try {
        return row.read(buffer, at, end);
      } catch (MalformedFlacException e) {
        if (!e.truncated()) {
          throw e;
        }
        if (end - at > MAX_BYTES) {
          throw new IOException("no record ends within " + MAX_BYTES + " bytes", e);
        }
        if (!more()) {
          throw new EOFException("the stream ends in the middle of a record");
        }
      } catch (UnsupportedRecordException e) {
        throw unexpected.apply(
            "record behind number " + (next - 1) + " is of a newer kind: " + e.getMessage());
      } catch (MalformedRecordException e) {
        throw new IOException("record behind number " + (next - 1) + ": " + e.getMessage(), e);
      }
    }
  }

  /// Takes what has come; returns whether there is more.
  private boolean more() throws IOException {
    row.forget();
    if (at == end) {
      at = 0;
      end = 0;
    }
    if (end == buffer.length) {
      byte[] larger = at > buffer.length / 2 ? buffer : new byte[buffer.length * 2];
      System.arraycopy(buffer, at, larger, 0, end - at);
      buffer = larger;
      end -= at;
      at = 0;
    }
    int count = in.read(buffer, end, buffer.length - end);
    end += Math.max(0, count);
    return count >= 0;
  }

  private void skipHead() throws IOException {
    need(4);
    if (bigEndian() != MARKER) {
      throw unexpected.apply("what came is no FLAC stream");
    }
    at += 4;
    boolean isLast;
    do {
      need(4);
      isLast = (buffer[at] & LAST_BLOCK) != 0;
      int size = 4 + (bigEndian() & 0xFFFFFF);
      while (size > 0) {
        need(1);
        int step = Math.min(size, end - at);
        at += step;
        size -= step;
      }
    } while (!isLast);
  }

  private void need(int count) throws IOException {
    while (end - at < count) {
      if (!more()) {
        throw new EOFException("the stream ends in its head");
      }
    }
  }

  private int bigEndian() {
    return (buffer[at] & 0xFF) << 24
        | (buffer[at + 1] & 0xFF) << 16
        | (buffer[at + 2] & 0xFF) << 8
        | (buffer[at + 3] & 0xFF);
  }

  private Optional<Change> change() {
    return switch (decoder.kind()) {
      case UPSERT ->
          Optional.of(
              new Change.Upserted(
                  new Point(
                      decoder.id(),
                      vector(),
                      Payload.ofCbor(decoder.payload()),
                      decoder.sequence(),
                      time(decoder.insertedAtMillis()),
                      time(decoder.expiresAtMillis()))));
      case PAYLOAD ->
          Optional.of(
              new Change.PayloadChanged(
                  decoder.id(), Payload.ofCbor(decoder.payload()), decoder.sequence()));
      case DELETE ->
          Optional.of(
              decoder.isExpired()
                  ? new Change.Expired(decoder.id(), decoder.sequence())
                  : new Change.Deleted(decoder.id(), decoder.sequence()));
      case SKIP -> Optional.empty();
    };
  }

  private Vector vector() {
    if (decoder.format().element() == ElementType.FLOAT32) {
      float[] floats = new float[decoder.dimension()];
      decoder.copyVector(floats);
      return Vector.sharing(floats);
    }
    double[] doubles = new double[decoder.dimension()];
    decoder.copyVector(doubles);
    return Vector.sharing(doubles);
  }

  private static Optional<Instant> time(long millis) {
    return millis < 0
        ? Optional.empty()
        : Optional.of(Instant.ofEpochMilli(Math.min(millis, Point.LAST_EXPIRY.toEpochMilli())));
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      // Nothing is read from it any more.
    }
  }
}
