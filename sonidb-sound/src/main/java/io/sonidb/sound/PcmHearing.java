package io.sonidb.sound;

/// Turns bytes of interleaved samples into what is heard.
final class PcmHearing {
  private static final int CHUNK_SAMPLES = 4096;
  private static final float FULL_SCALE = 1 << 23;

  private final PcmLayout layout;
  private final BothEars ears;
  private final int[][] pcm;
  private int samples;
  private int skip;
  // The bytes of a sample of all channels that the last call ended in.
  private final byte[] cut;
  private int cutBytes;

  /// @param skip how many bytes to leave out before the first sample
  PcmHearing(PcmLayout layout, int skip, int sampleRateHz, RecordSink sink, Ear.Maker maker) {
    this.layout = layout;
    this.skip = skip;
    ears =
        new BothEars(
            layout.channels(),
            RecordFormat.BITS_PER_SAMPLE,
            layout.holdsRecords(),
            sampleRateHz,
            sink,
            maker);
    pcm = new int[layout.channels()][CHUNK_SAMPLES];
    cut = new byte[layout.frameBytes()];
  }

  /// Hears the first `count` bytes of `in`.
  void accept(byte[] in, int count) {
    int at = Math.min(skip, count);
    skip -= at;
    while (cutBytes > 0 && at < count) {
      cut[cutBytes++] = in[at++];
      if (cutBytes == cut.length) {
        add(cut, 0);
        cutBytes = 0;
      }
    }
    for (; at <= count - cut.length; at += cut.length) {
      add(in, at);
    }
    while (at < count) {
      cut[cutBytes++] = in[at++];
    }
    flush();
  }

  private void add(byte[] in, int offset) {
    int at = offset;
    for (int[] channel : pcm) {
      channel[samples] = sample(in, at);
      at += layout.encoding().bytes();
    }
    if (++samples == CHUNK_SAMPLES) {
      flush();
    }
  }

  private int sample(byte[] in, int at) {
    int low16 = (in[at] & 0xFF) | (in[at + 1] & 0xFF) << 8;
    return switch (layout.encoding()) {
      case S16LE -> (short) low16 << 8;
      case S24LE -> low16 | in[at + 2] << 16;
      case S32LE -> (low16 | (in[at + 2] & 0xFF) << 16) >>> 8 | in[at + 3] << 16;
      case F32LE -> {
        int bits = low16 | (in[at + 2] & 0xFF) << 16 | in[at + 3] << 24;
        int sample = (int) (Float.intBitsToFloat(bits) * FULL_SCALE);
        yield Math.clamp(sample, -(1 << 23), (1 << 23) - 1);
      }
    };
  }

  private void flush() {
    ears.receive(pcm, samples);
    ears.listen(pcm, samples);
    samples = 0;
  }

  /// Whether nobody can hear anything in such samples.
  boolean isDeaf() {
    return ears.areDeaf();
  }

  boolean hasHeardRecord() {
    return ears.haveHeardRecord();
  }

  ReceiverReport finish() {
    return ears.finish();
  }
}
