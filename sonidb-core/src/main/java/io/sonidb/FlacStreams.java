package io.sonidb;

import io.sonidb.flac.Frames;
import io.sonidb.flac.PcmMd5;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.CRC32;

/// FLAC files made of frames that are already encoded: only their numbers and checksums are new.
final class FlacStreams {
  private static final byte[] NOTHING = {};

  private FlacStreams() {}

  /// A whole FLAC file with a record.
  ///
  /// @param frames of the record, found sound
  static VectorAudio ofVector(SegmentLog log, byte[] frames) {
    return ofFrames(log, log.header().format(), frames);
  }

  /// A whole FLAC file with a point, encoded for it.
  static VectorAudio ofPoint(SegmentLog log, Point point, Sonification sonification) {
    SoundFormat format = new SoundFormat(log.header().format().element(), sonification);
    RecordEncoder encoder = new RecordEncoder(format);
    SoundRecord record = PointSound.record(point);
    byte[] frames = new byte[encoder.maxSize(record)];
    int size = encoder.encode(record, frames, 0);
    return ofFrames(log, format, Arrays.copyOf(frames, size));
  }

  private static VectorAudio ofFrames(SegmentLog log, SoundFormat format, byte[] frames) {
    RecordDecoder decoder = new RecordDecoder(format);
    PcmMd5 md5 = new PcmMd5(format.audio());
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
            "ENCODING", (format.sonification() + " " + format.element()).toLowerCase(Locale.ROOT)));
    tags.add(Map.entry("HASH", HexFormat.of().toHexDigits(decoder.hash())));
    tags.add(Map.entry("SEQUENCE", Long.toString(decoder.sequence())));
    for (Map.Entry<String, String> tag : log.tags()) {
      tags.add(
          tag.getKey().equals("SONIFICATION")
              ? Map.entry("SONIFICATION", format.sonification().toString())
              : tag);
    }
    byte[] head = AudioStream.head(log, decoder.samples(), md5.digest(), tags);
    byte[] file = new byte[head.length + frames.length];
    System.arraycopy(head, 0, file, 0, head.length);
    int size = head.length + renumber(frames, decoder, 0, file, head.length);
    CRC32 crc = new CRC32(); // tags may change
    crc.update(file, 0, size);
    String tag =
        HexFormat.of().toHexDigits(decoder.hash())
            + "-"
            + decoder.sequence()
            + "-"
            + HexFormat.of().toHexDigits((int) crc.getValue());
    return new VectorAudio(file, size, tag);
  }

  /// Every record of a log from a sequence number on, as one FLAC stream whose end is open.
  ///
  /// @param current the collection's engine, which a full rebuild replaces
  static InputStream ofLog(Supplier<Engine> current, long from, boolean follow) {
    return new LogStream(
        new AudioStream(
            current, from, StreamOptions.ALL, false, Long.MAX_VALUE, AudioStream.MAX_SAMPLES),
        follow);
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
    private static final int BUFFER_BYTES = 1 << 16;

    private final AudioStream audio;
    private final boolean follow;
    private byte[] buffer;
    private int read;
    private int size;

    LogStream(AudioStream audio, boolean follow) {
      this.audio = audio;
      this.follow = follow;
      this.buffer = audio.head();
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
      read = 0;
      size = 0;
      while (true) {
        if (buffer.length < BUFFER_BYTES) {
          buffer = new byte[BUFFER_BYTES];
        }
        size = audio.fill(buffer, 0, buffer.length);
        if (size > 0) {
          return true;
        }
        if (!follow || audio.isOver()) {
          return false;
        }
        buffer = NOTHING; // who waits keeps nothing
        try {
          audio.await(Duration.ofDays(1));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new java.io.InterruptedIOException("interrupted while waiting for records");
        }
      }
    }

    @Override
    public void close() {
      audio.close();
    }
  }
}
