package io.sonidb;

import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Frames;
import io.sonidb.flac.Md5;
import io.sonidb.flac.MetadataBlock;
import io.sonidb.flac.PcmMd5;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.VorbisComment;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.store.LogCursor;
import io.sonidb.store.SegmentLog;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// FLAC files made of frames that are already encoded: only their numbers and checksums are new.
final class FlacStreams {
  private static final int MIN_BLOCK_SIZE = 16;
  private static final int MAX_BLOCK_SIZE = 4608;
  private static final long FOLLOW_NANOS = Duration.ofMillis(200).toNanos();

  private FlacStreams() {}

  /// A whole FLAC file with a record.
  ///
  /// @param frames of the record, found sound
  static InputStream ofVector(SegmentLog log, byte[] frames) {
    RecordDecoder decoder = new RecordDecoder(log.header().format());
    PcmMd5 md5 = new PcmMd5(log.header().format().audio());
    try {
      decoder.read(frames, 0, frames.length, (frame, size) -> md5.update(frame));
    } catch (IOException e) {
      throw new IllegalStateException("sound frames cannot be read", e);
    }
    List<Map.Entry<String, String>> tags = new ArrayList<>();
    tags.add(Map.entry("TITLE", decoder.id().toString()));
    tags.add(Map.entry("ID", decoder.id().toString()));
    tags.add(
        Map.entry(
            "ENCODING",
            (log.header().format().sonification() + " " + log.header().format().element())
                .toLowerCase(java.util.Locale.ROOT)));
    tags.add(Map.entry("HASH", HexFormat.of().toHexDigits(decoder.hash())));
    tags.add(Map.entry("SEQUENCE", Long.toString(decoder.sequence())));
    tags.addAll(log.tags());
    byte[] head = head(log, decoder.samples(), md5.digest(), tags);
    byte[] file = new byte[head.length + frames.length];
    System.arraycopy(head, 0, file, 0, head.length);
    int size = head.length + renumber(frames, decoder, 0, file, head.length);
    return new ByteArrayInputStream(file, 0, size);
  }

  /// Every record of a log from a sequence number on, as one FLAC stream whose end is open.
  ///
  /// @param current the collection's engine, which a full rebuild replaces
  static InputStream ofLog(Supplier<Engine> current, long from, boolean follow) {
    return new LogStream(current, from, follow);
  }

  private static byte[] head(
      SegmentLog log, long samples, Md5 md5, List<Map.Entry<String, String>> tags) {
    List<MetadataBlock> blocks =
        List.of(
            new StreamInfo(
                MIN_BLOCK_SIZE, MAX_BLOCK_SIZE, 0, 0, log.header().format().audio(), samples, md5),
            new VorbisComment("SoniDB", tags));
    return FlacHead.write(blocks);
  }

  /// Copies the frames that a decoder has just read, numbered from `firstSample` on; they only get
  /// shorter when numbered from 0.
  private static int renumber(
      byte[] frames, RecordDecoder decoder, long firstSample, byte[] into, int at) {
    int from = 0;
    int to = at;
    long sample = firstSample;
    for (int part = 0; part < decoder.parts(); part++) {
      to += Frames.renumber(frames, from, decoder.partLength(part), sample, into, to);
      from += decoder.partLength(part);
      sample += decoder.partSamples(part);
    }
    return to - at;
  }

  private static final class LogStream extends InputStream {
    // RFC 9639 counts samples in 36 bits; a stream ends long before it runs out of them.
    private static final long MAX_SAMPLES = 1L << 35;

    private final Supplier<Engine> current;
    private final RecordDecoder decoder;
    private Engine engine;
    private LogCursor cursor;
    private final boolean follow;
    private byte[] buffer;
    private int read;
    private int size;
    private long sample;
    private volatile boolean closed;

    LogStream(Supplier<Engine> current, long from, boolean follow) {
      this.current = current;
      this.engine = current.get();
      this.cursor = new LogCursor(engine.log(), from);
      this.decoder = new RecordDecoder(engine.log().header().format());
      this.follow = follow;
      this.buffer = head(engine.log(), 0, Md5.UNKNOWN, engine.log().tags());
      this.size = buffer.length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (read == size && !fill()) {
        return -1;
      }
      int count = Math.min(length, size - read);
      System.arraycopy(buffer, read, into, offset, count);
      read += count;
      return count;
    }

    @Override
    public int available() {
      return size - read;
    }

    private boolean fill() throws IOException {
      while (!closed && sample < MAX_SAMPLES) {
        long seen = engine.log().lastSequence();
        if (fillWithNext()) {
          return true;
        }
        if (!follow || closed || engine.log().isClosed() && engine == current.get()) {
          return false;
        }
        try {
          engine.log().awaitPublished(seen + 1, FOLLOW_NANOS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new java.io.InterruptedIOException("interrupted while waiting for records");
        }
      }
      return false;
    }

    private synchronized boolean fillWithNext() {
      if (engine != current.get()) {
        engine = current.get();
        cursor.close();
        cursor = new LogCursor(engine.log(), cursor.nextSequence());
      }
      while (!closed && cursor.next()) {
        try {
          decoder.read(cursor.bytes(), 0, cursor.length());
          engine.check(decoder, cursor.segment(), cursor.ordinal());
        } catch (IOException damaged) {
          continue; // left out; whoever listens sees it by the sequence numbers
        }
        int bound = cursor.length() + decoder.parts() * Frames.MAX_RENUMBER_GROWTH;
        if (bound > buffer.length) {
          buffer = new byte[bound * 2];
        }
        size = renumber(cursor.bytes(), decoder, sample, buffer, 0);
        sample += decoder.samples();
        read = 0;
        return true;
      }
      return false;
    }

    @Override
    public synchronized void close() {
      closed = true;
      cursor.close();
    }
  }
}
