package io.sonidb;

import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Frames;
import io.sonidb.flac.Md5;
import io.sonidb.flac.MetadataBlock;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.VorbisComment;
import io.sonidb.index.RecordTable;
import io.sonidb.payload.PayloadCheck;
import io.sonidb.sound.OggFlacPages;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.store.LogCursor;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The records of a collection in the order of their sequence numbers as one endless FLAC stream:
/// history, then live.
///
/// ```java
/// try (AudioStream audio = songs.audio(1, true, StreamOptions.ALL)) {
///   out.write(audio.head());
///   while (!audio.isOver()) {
///     int count = audio.fill(buffer, 0, buffer.length);
///     out.write(buffer, 0, count);
///     if (count == 0) {
///       audio.await(Duration.ofMinutes(1));
///     }
///   }
///   out.write(audio.tail());
/// }
/// ```
///
/// # Cost
///
/// Frames go from the mapped file into the caller's buffer under a new number, with a new header
/// and footer, and are not decoded. A frame's CRC-16 is looked at on the way, at about the price of
/// a copy; that finds every damage of up to 16 bits in a row, and all but one of 65,536 larger
/// ones, which the receiver finds by the record's hash. Only records of several frames, and all
/// that a filter must look into, are decoded and checked whole.
///
/// A damaged record is left out ([#damaged]); the numbers of the frames go on without a gap. So
/// whoever receives a frame whose number is not the sum of all samples before it, the first one's
/// 0, has lost something on the way, and asks again from the last sequence number on.
///
/// # Memory
///
/// It reads the log where it lies. While it waits it holds neither a buffer nor a segment.
///
/// One thread reads; any may ask, and [#close].
public final class AudioStream implements AutoCloseable {
  /// RFC 9639 counts samples in 36 bits; a stream ends long before it runs out of them.
  static final long MAX_SAMPLES = 1L << 35;

  private static final int MIN_BLOCK_SIZE = 16;
  private static final int MAX_BLOCK_SIZE = 4608;
  private static final byte[] NOTHING = {};

  /// More than all that is added to a frame: a longer number, and the head of an Ogg page.
  private static final int MAX_GROWTH = Frames.MAX_RENUMBER_GROWTH + OggFlacPages.MAX_GROWTH;

  private final Supplier<Engine> current;
  private final StreamOptions options;
  private final boolean isComplete;
  private final long until;
  private final long maxSamples;
  private final Optional<OggFlacPages> ogg;
  private Engine engine;
  private LogCursor cursor;
  private long horizon;
  private boolean hasRecord; // the cursor stands at one that is not in the stream yet
  private long seen = -1; // the newest number when there was no further record; -1 if there may be
  private byte[] rest = NOTHING; // of a record that is larger than the caller's buffer
  private int restAt;
  private int restEnd;
  private long sample;
  private volatile long next;
  private long damaged;
  private volatile boolean closed;
  private volatile boolean over;

  /// @param current the collection's engine, which a full rebuild replaces
  /// @param isComplete whether it ends where deletes are missing
  /// @param until the last sequence number that may be in it
  /// @param maxSamples after which it ends
  /// @throws RescanRequiredException if it is to be complete and deletes are missing
  AudioStream(
      Supplier<Engine> current,
      long from,
      StreamOptions options,
      boolean isComplete,
      long until,
      long maxSamples) {
    this.current = current;
    this.options = options;
    this.isComplete = isComplete;
    this.until = until;
    this.maxSamples = maxSamples;
    this.engine = current.get();
    this.horizon = engine.log().horizon();
    if (isComplete && from > 1 && from <= horizon) {
      throw RescanRequiredException.of(horizon);
    }
    this.cursor = new LogCursor(engine.log(), from);
    this.next = from;
    this.ogg =
        options.container() == StreamOptions.Container.OGG
            ? Optional.of(new OggFlacPages(System.nanoTime()))
            : Optional.empty();
  }

  /// What the stream begins with: the marker and the metadata, which say neither how long it is nor
  /// an MD5.
  public byte[] head() {
    SegmentLog log = engine.log();
    byte[] head = head(log, 0, Md5.UNKNOWN, log.tags());
    return ogg.map(pages -> pages.head(head)).orElse(head);
  }

  /// The head of a FLAC file of records.
  static byte[] head(SegmentLog log, long samples, Md5 md5, List<Map.Entry<String, String>> tags) {
    List<MetadataBlock> blocks =
        List.of(
            new StreamInfo(
                MIN_BLOCK_SIZE, MAX_BLOCK_SIZE, 0, 0, log.header().format().audio(), samples, md5),
            new VorbisComment("SoniDB", tags));
    return FlacHead.write(blocks);
  }

  /// What a stream that is over ends with: in Ogg the page that says so, else nothing.
  public byte[] tail() {
    return ogg.map(OggFlacPages::end).orElse(NOTHING);
  }

  /// Takes as many bytes of the stream as are there and fit.
  ///
  /// @param into receives them from `offset` on
  /// @param limit the end of the room, more than `offset`
  /// @return how many; 0 if there is no further record at present, or the stream is over
  public synchronized int fill(byte[] into, int offset, int limit) {
    int at = offset;
    while (at < limit && !closed) {
      if (restAt < restEnd) {
        int count = Math.min(limit - at, restEnd - restAt);
        System.arraycopy(rest, restAt, into, at, count);
        at += count;
        passRest(restAt + count);
        continue;
      }
      int size = take(into, at, limit, at == offset);
      if (size < 0) {
        break;
      }
      at += size;
    }
    return at - offset;
  }

  /// Takes whole records, as many as are there and fit. One that is larger than the room comes by
  /// itself.
  ///
  /// @param room for them
  /// @return them, in `room` or, if it is a large one, elsewhere, until the next call; empty if
  ///   there is no further record at present, or the stream is over
  public synchronized ByteBuffer records(byte[] room) {
    int at = 0;
    while (!closed && restAt == restEnd) {
      int size = take(room, at, room.length, at == 0);
      if (size < 0) {
        break;
      }
      at += size;
    }
    if (at == 0 && restAt < restEnd) {
      ByteBuffer large = ByteBuffer.wrap(rest, restAt, restEnd - restAt);
      passRest(restEnd);
      return large;
    }
    return ByteBuffer.wrap(room, 0, at);
  }

  /// Goes on by one record.
  ///
  /// @param isFirst whether one that does not fit becomes the rest
  /// @return the bytes in `into`, none if it became the rest or is left out; -1 if there is none at
  ///   present, or it does not fit
  private int take(byte[] into, int at, int limit, boolean isFirst) {
    if (!hasRecord && !advance()) {
      return -1;
    }
    RecordTable table = cursor.segment().table();
    int samples = table.samples(cursor.ordinal());
    if (sample + samples > maxSamples) {
      over = true;
      return -1;
    }
    int size = 0;
    if (isWanted(table, cursor.ordinal())) {
      int bound = cursor.length() + MAX_GROWTH; // of one frame
      if (!Frames.isWhole(cursor.bytes(), 0, cursor.length(), samples)) {
        decode();
      } else if (bound <= limit - at) {
        size = place(0, cursor.length(), samples, into, at);
      } else if (isFirst) {
        begin(bound);
        restEnd = place(0, cursor.length(), samples, rest, 0);
      } else {
        return -1; // it comes next
      }
    }
    hasRecord = false;
    if (restAt == restEnd) {
      next = cursor.nextSequence();
    }
    return size;
  }

  private void passRest(int to) {
    restAt = to;
    if (restAt == restEnd) {
      rest = NOTHING;
      next = cursor.nextSequence();
    }
  }

  /// Goes to the next record, in the same log or in the one that has taken its place.
  private boolean advance() {
    if (over) {
      return false;
    }
    if (engine != current.get()) {
      engine = current.get();
      cursor.close();
      cursor = new LogCursor(engine.log(), cursor.nextSequence());
    }
    while (true) {
      long from = cursor.nextSequence();
      long last = engine.log().lastSequence(); // before the cursor looks
      hasRecord = from <= until && cursor.next();
      seen = hasRecord ? -1 : last;
      if (from > until || cursor.nextSequence() - 1 > until) {
        over = true;
        hasRecord = false;
        return false;
      }
      // Asked afterwards: what was dropped before that is found missing.
      long now = isComplete ? engine.log().manifest().horizon() : horizon;
      if (now <= horizon || from > now) {
        // The last numbers may have no record any more, where a file is damaged or lost.
        over |= !hasRecord && last >= until;
        return hasRecord;
      }
      hasRecord = false;
      cursor.close();
      if (from > 1) {
        over = true;
        return false;
      }
      // Nothing was read yet. The cursor may stand in a segment that still has what a delete took
      // away, and the delete is gone: begin again.
      horizon = engine.log().horizon();
      cursor = new LogCursor(engine.log(), from);
    }
  }

  private boolean isWanted(RecordTable table, int ordinal) {
    if (options.shards() > 1
        && Long.remainderUnsigned(table.fingerprint(ordinal), options.shards())
            != options.shard()) {
      return false;
    }
    RecordKind kind = table.kind(ordinal);
    if (options.filter().isEmpty() || kind == RecordKind.DELETE || kind == RecordKind.SKIP) {
      return true;
    }
    Engine.Reader reader = engine.take();
    try {
      RecordDecoder decoder = reader.decoder();
      decoder.read(cursor.bytes(), 0, cursor.length());
      return PayloadCheck.fulfils(
          options.filter(), decoder.id(), Payload.stored(decoder.payload()).tree());
    } catch (IOException e) {
      damaged++;
      return false;
    } finally {
      engine.give(reader);
    }
  }

  private void begin(int size) {
    rest = new byte[size];
    restAt = 0;
    restEnd = 0;
  }

  /// Where one frame of a record ends and the next one begins only decoding tells.
  private void decode() {
    Engine.Reader reader = engine.take();
    try {
      RecordDecoder decoder = reader.decoder();
      decoder.read(cursor.bytes(), 0, cursor.length());
      engine.check(decoder, cursor.segment(), cursor.ordinal());
      begin(cursor.length() + decoder.parts() * MAX_GROWTH);
      int from = 0;
      for (int part = 0; part < decoder.parts(); part++) {
        restEnd += place(from, decoder.partLength(part), decoder.partSamples(part), rest, restEnd);
        from += decoder.partLength(part);
      }
    } catch (IOException e) {
      damaged++;
    } finally {
      engine.give(reader);
    }
  }

  /// Puts a frame into the stream.
  private int place(int from, int length, int samples, byte[] into, int at) {
    int size;
    if (ogg.isPresent()) {
      int room = at + OggFlacPages.MAX_GROWTH;
      int frame = Frames.renumber(cursor.bytes(), from, length, sample, into, room);
      size = ogg.get().page(into, room, frame, sample + samples, into, at);
    } else {
      size = Frames.renumber(cursor.bytes(), from, length, sample, into, at);
    }
    sample += samples;
    return size;
  }

  /// Waits, after a [#fill] that took nothing, until there may be something to take, or the stream
  /// is over, or time is up.
  public void await(Duration timeout) throws InterruptedException {
    SegmentLog log;
    long known;
    synchronized (this) {
      log = engine.log();
      known = seen;
    }
    if (known >= 0 && !isOver() && !log.isClosed()) {
      log.awaitPublished(known + 1, timeout.toNanos(), () -> closed);
    }
  }

  /// Whether nothing comes any more: it was closed, or the collection was, or it has as many
  /// samples as a stream may have, or all that it was to have, or deletes were dropped that it has
  /// not come to. Whoever wants more asks again, from [#nextSequence] on.
  public boolean isOver() {
    if (closed || over) {
      return true;
    }
    Engine now = current.get();
    synchronized (this) {
      return now.log().isClosed() && now == engine && !hasRecord && restAt == restEnd;
    }
  }

  /// The first sequence number whose record is not in the stream yet, nor left out of it.
  public long nextSequence() {
    return next;
  }

  /// How many records were left out because they are damaged.
  public synchronized long damaged() {
    return damaged;
  }

  /// Ends the stream; whoever waits in [#await] returns.
  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      cursor.close();
      engine.log().wake();
    }
  }
}
