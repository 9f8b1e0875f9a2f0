package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import java.io.IOException;

/// Points as the sound of their records, one behind the other, in a FLAC or WAV file.
final class SoundExport {

  /// A file that takes frames.
  sealed interface FrameSink permits FlacFile, WavFile {
    /// Takes one frame.
    ///
    /// @param frame holds it, at `offset`
    /// @param decoder has just decoded it
    void write(byte[] frame, int offset, int length, FrameDecoder decoder) throws IOException;

    /// Corrects the head, now that everything is known.
    void finish() throws IOException;
  }

  private final FrameSink sink;
  private final RecordEncoder encoder;
  private final FrameDecoder decoder = new FrameDecoder();
  private byte[] frames = new byte[1 << 14];

  private SoundExport(FrameSink sink, SoundFormat format) {
    this.sink = sink;
    this.encoder = new RecordEncoder(format);
  }

  static SoundExport flac(Collection collection, ByteOutput out) throws IOException {
    SoundFormat format = format(collection);
    String sonification = collection.spec().sonification().toString();
    return new SoundExport(FlacFile.start(out, format.audio(), collection, sonification), format);
  }

  static SoundExport wav(Collection collection, ByteOutput out) throws IOException {
    SoundFormat format = format(collection);
    return new SoundExport(WavFile.start(out, format.audio()), format);
  }

  private static SoundFormat format(Collection collection) {
    return new SoundFormat(collection.spec().element(), collection.spec().sonification());
  }

  void write(Point point) throws IOException {
    SoundRecord record = PointSound.record(point);
    int bound = encoder.maxSize(record);
    if (bound > frames.length) {
      frames = new byte[bound];
    }
    encoder.encode(record, frames, 0);
    int offset = 0;
    for (int part = 0; part < encoder.parts(); part++) {
      int length = encoder.partLength(part);
      decoder.decode(frames, offset, offset + length);
      sink.write(frames, offset, length, decoder);
      offset += length;
    }
  }

  void finish() throws IOException {
    sink.finish();
  }
}
