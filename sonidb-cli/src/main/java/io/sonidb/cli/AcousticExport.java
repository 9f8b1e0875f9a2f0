package io.sonidb.cli;

import io.sonidb.cli.SoundExport.FrameSink;
import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.SubframeSearch;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.acoustic.AcousticSound;
import java.io.IOException;

/// Records as tones that survive lossy codecs, in a file of one channel.
final class AcousticExport {

  static final AudioFormat FORMAT =
      new AudioFormat(AcousticSound.SAMPLE_RATE_HZ, 1, AcousticSound.BITS_PER_SAMPLE);

  private static final int BLOCK_SAMPLES = 4096;

  private final FrameSink sink;
  private final FrameEncoder encoder = new FrameEncoder(FORMAT, SubframeSearch.MUSIC);
  private final FrameDecoder decoder = new FrameDecoder();
  private final byte[] frame = new byte[encoder.maxFrameSize(BLOCK_SAMPLES)];
  private final int[][] pcm = new int[1][BLOCK_SAMPLES];
  private double seconds;

  AcousticExport(FrameSink sink) {
    this.sink = sink;
  }

  /// Appends the tones of a record.
  void write(SoundRecord record) throws IOException {
    AcousticSound sound = AcousticSound.of(record);
    seconds += sound.seconds();
    for (int count = next(sound); count > 0; count = next(sound)) {
      int length = encoder.encode(pcm, count, 0, frame, 0);
      decoder.decode(frame, 0, length);
      sink.write(frame, 0, length, decoder);
    }
  }

  private int next(AcousticSound sound) {
    return sound.read(pcm[0], 0, BLOCK_SAMPLES);
  }

  /// How long all of it sounds.
  double seconds() {
    return seconds;
  }
}
