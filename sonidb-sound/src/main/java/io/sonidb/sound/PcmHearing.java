package io.sonidb.sound;

/// Turns bytes of interleaved samples into what a [Receiver] takes.
final class PcmHearing {
  private static final int CHUNK_SAMPLES = 4096;
  private static final float FULL_SCALE = 1 << 23;

  private final PcmLayout layout;
  private final Receiver receiver;
  private final int[][] pcm;
  private int samples;
  private int skip;
  // The bytes of a sample of all channels that the last call ended in.
  private final byte[] cut;
  private int cutBytes;

  /// @param skip how many bytes to leave out before the first sample
  PcmHearing(PcmLayout layout, int skip, RecordSink sink) {
    this.layout = layout;
    this.skip = skip;
    receiver = new Receiver(SoundFormat.ofChannels(layout.channels()), sink);
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
    int low24 = (in[at] & 0xFF) | (in[at + 1] & 0xFF) << 8;
    return switch (layout.encoding()) {
      case S24LE -> low24 | in[at + 2] << 16;
      case S32LE -> (low24 | (in[at + 2] & 0xFF) << 16) >>> 8 | in[at + 3] << 16;
      case F32LE -> {
        int bits = low24 | (in[at + 2] & 0xFF) << 16 | in[at + 3] << 24;
        int sample = (int) (Float.intBitsToFloat(bits) * FULL_SCALE);
        yield Math.clamp(sample, -(1 << 23), (1 << 23) - 1);
      }
    };
  }

  private void flush() {
    receiver.accept(pcm, 0, samples);
    samples = 0;
  }

  boolean hasHeardRecord() {
    return receiver.report().records() > 0;
  }

  ReceiverReport finish() {
    receiver.finish();
    return receiver.report();
  }
}
