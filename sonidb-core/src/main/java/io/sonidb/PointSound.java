package io.sonidb;

import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Frames;
import io.sonidb.flac.Md5;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.VorbisComment;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import java.io.InputStream;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Points on their way from one place to another, as one FLAC stream whose end is open: what
/// [io.sonidb.sound.Listener] hears, and a node takes in. Points are encoded as they are read, so
/// there may be any number of them. Not thread-safe.
public final class PointSound extends InputStream {
  private static final int MIN_BLOCK_SIZE = 16;

  /// The largest block of FLAC's streamable subset at 48 kHz; no record has larger ones.
  private static final int MAX_BLOCK_SIZE = 4608;

  /// Frames number samples with 36 bits; well before the end another stream begins.
  private static final long MAX_SAMPLES = 1L << 35;

  private static final int FIRST_ROOM = 1 << 14;

  private final CollectionSpec spec;
  private final Iterator<Point> points;
  private final RecordEncoder encoder;
  private byte[] frames = new byte[FIRST_ROOM];
  private byte[] buffer;
  private int read;
  private int size;
  private long sample;

  /// @param spec of the collection that they are of, or for: how they are to sound
  /// @param points whose vectors have the element type of the collection
  public PointSound(CollectionSpec spec, Iterator<Point> points) {
    this.spec = spec;
    this.points = points;
    this.encoder = new RecordEncoder(new SoundFormat(spec.element(), spec.sonification()));
    this.buffer = head();
    this.size = buffer.length;
  }

  /// The record that a point is written as.
  public static SoundRecord record(Point point) {
    SoundRecord record =
        SoundRecord.upsert(
            point.sequence(), point.id(), point.vector(), point.payload().sharedCbor());
    if (point.insertedAt().isPresent()) {
      record = record.withInsertedAtMillis(point.insertedAt().get().toEpochMilli());
    }
    if (point.expiresAt().isPresent()) {
      record =
          record.withExpiresAtMillis(
              Math.max(SoundRecord.FIRST_MILLIS, point.expiresAt().get().toEpochMilli()));
    }
    return record;
  }

  private byte[] head() {
    StreamInfo open =
        new StreamInfo(
            MIN_BLOCK_SIZE, MAX_BLOCK_SIZE, 0, 0, encoder.format().audio(), 0, Md5.UNKNOWN);
    VorbisComment tags =
        new VorbisComment(
            "SoniDB",
            List.of(
                Map.entry("DIMENSION", Integer.toString(spec.dimension())),
                Map.entry("ELEMENT", spec.element().toString()),
                Map.entry("METRIC", spec.metric().toString()),
                Map.entry("SONIFICATION", spec.sonification().toString())));
    return FlacHead.write(List.of(open, tags));
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    int done = 0;
    while (done < length && (read < size || fill())) {
      int count = Math.min(length - done, size - read);
      System.arraycopy(buffer, read, into, offset + done, count);
      read += count;
      done += count;
    }
    return done == 0 && length > 0 ? -1 : done;
  }

  /// Encodes the next point; returns whether there was one.
  private boolean fill() {
    if (!points.hasNext()) {
      return false;
    }
    read = 0;
    if (sample > MAX_SAMPLES) {
      sample = 0;
      buffer = head();
      size = buffer.length;
      return true;
    }
    SoundRecord record = record(points.next());
    int bound = encoder.maxSize(record);
    if (bound > frames.length) {
      frames = new byte[bound];
    }
    encoder.encode(record, frames, 0);
    int most = bound + encoder.parts() * Frames.MAX_RENUMBER_GROWTH;
    if (most > buffer.length) {
      buffer = new byte[most];
    }
    size = 0;
    int from = 0;
    for (int part = 0; part < encoder.parts(); part++) {
      size += Frames.renumber(frames, from, encoder.partLength(part), sample, buffer, size);
      from += encoder.partLength(part);
      sample += encoder.partSamples(part);
    }
    return true;
  }
}
