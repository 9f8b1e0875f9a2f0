package io.sonidb.sound;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Hears samples as a [Receiver] does, if there are channels and bits for that, and with another
/// [Ear], until the receiver has heard a record: then it is known what the sound is, and the other
/// way, which is slower by far, can be spared.
final class BothEars {
  private final @Nullable Receiver receiver;
  private @Nullable Ear other;
  private final float scale;
  private float[] mono = new float[0];

  /// Records that the other ear had heard when it was let go.
  private long heardOtherwise;

  /// @param bitsPerSample of the samples that the other ear gets
  /// @param forReceiver whether a receiver can understand the samples
  BothEars(
      int channels,
      int bitsPerSample,
      boolean forReceiver,
      int sampleRateHz,
      RecordSink sink,
      Ear.Maker maker) {
    receiver = forReceiver ? new Receiver(SoundFormat.ofChannels(channels), sink) : null;
    other = make(maker, sampleRateHz);
    scale = (float) (1 / (Math.scalb(1.0, bitsPerSample - 1) * channels));
  }

  private static @Nullable Ear make(Ear.Maker maker, int sampleRateHz) {
    try {
      return maker.at(sampleRateHz);
    } catch (IllegalArgumentException e) {
      return null; // Then there is nothing to hear in that way.
    }
  }

  /// Whether nobody can hear anything here.
  boolean areDeaf() {
    return receiver == null && other == null;
  }

  /// Lets the receiver hear, when there is one.
  void receive(int[][] pcm, int count) {
    if (receiver != null) {
      receiver.accept(pcm, 0, count);
      if (other != null && receiver.report().records() > 0) {
        heardOtherwise = other.report().records();
        other = null;
      }
    }
  }

  /// Lets the other ear hear, as long as there is one.
  void listen(int[][] pcm, int count) {
    if (other == null) {
      return;
    }
    if (mono.length < count) {
      mono = new float[count];
    }
    for (int i = 0; i < count; i++) {
      float sum = 0;
      for (int[] channel : pcm) {
        sum += channel[i];
      }
      mono[i] = sum * scale;
    }
    other.accept(mono, 0, count);
  }

  /// How many samples the receiver has heard, if there is one.
  long heard() {
    return receiver == null ? 0 : receiver.heard();
  }

  boolean haveHeardRecord() {
    return (receiver != null && receiver.report().records() > 0)
        || (other != null && other.report().records() > 0);
  }

  /// Ends the hearing; returns what the ear has heard that heard more.
  ReceiverReport finish() {
    if (receiver != null) {
      receiver.finish();
    }
    if (other != null) {
      other.finish();
    }
    if (other != null && (receiver == null || other.report().records() > 0)) {
      return other.report();
    }
    return receiver == null
        ? new ReceiverReport(0, 0, 0, 0, 0, List.of())
        : receiver.report().withMore(heardOtherwise);
  }
}
