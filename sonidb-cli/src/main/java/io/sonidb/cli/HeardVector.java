package io.sonidb.cli;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import java.util.Arrays;

/// The sound of one record: what a player plays.
final class HeardVector {

  private static final double FULL_SCALE = 1 << 23;

  /// A quarter of full scale: most of it is noise.
  private static final float BEARABLE = 8192;

  private final SoundFormat format;
  private final float[][] channels;
  private final int bytes;

  private HeardVector(SoundFormat format, float[][] channels, int bytes) {
    this.format = format;
    this.channels = channels;
    this.bytes = bytes;
  }

  /// Sounds an upsert record.
  static HeardVector of(SoundRecord record, Sonification sonification)
      throws MalformedFlacException {
    SoundFormat format = new SoundFormat(record.vector().elementType(), sonification);
    RecordEncoder encoder = new RecordEncoder(format);
    byte[] frames = new byte[encoder.maxSize(record)];
    int bytes = encoder.encode(record, frames, 0);
    float[][] channels = new float[format.channels()][Math.toIntExact(encoder.samples())];
    FrameDecoder decoder = new FrameDecoder();
    int at = 0;
    int sample = 0;
    for (int part = 0; part < encoder.parts(); part++) {
      decoder.decode(frames, at, at + encoder.partLength(part));
      for (int channel = 0; channel < channels.length; channel++) {
        int[] samples = decoder.samples(channel);
        for (int i = 0; i < decoder.blockSize(); i++) {
          channels[channel][sample + i] = (float) (samples[i] / FULL_SCALE);
        }
      }
      at += encoder.partLength(part);
      sample += decoder.blockSize();
    }
    return new HeardVector(format, channels, bytes);
  }

  Sonification sonification() {
    return format.sonification();
  }

  /// How large its FLAC frames are.
  int bytes() {
    return bytes;
  }

  int sampleRateHz() {
    return format.audio().sampleRateHz();
  }

  int samples() {
    return channels[0].length;
  }

  double millis() {
    return 1000.0 * samples() / sampleRateHz();
  }

  /// The first data channel, full scale 1; shared.
  float[] data() {
    return channels[0];
  }

  /// The marker channel, full scale 1; shared.
  float[] marker() {
    return channels[channels.length - 1];
  }

  /// What is heard when all channels are played: their sum, around 0.
  float[] mix() {
    float[] mix = channels[0].clone();
    for (float[] channel : Arrays.copyOfRange(channels, 1, channels.length)) {
      for (int i = 0; i < mix.length; i++) {
        mix[i] += channel[i];
      }
    }
    double mean = 0;
    for (float sample : mix) {
      mean += sample / mix.length;
    }
    for (int i = 0; i < mix.length; i++) {
      mix[i] -= (float) mean;
    }
    return mix;
  }

  /// The mix for a loudspeaker: one channel of 16 bits, at a bearable loudness.
  short[] audible() {
    float[] mix = mix();
    float peak = 1e-6f;
    for (float sample : mix) {
      peak = Math.max(peak, Math.abs(sample));
    }
    short[] audible = new short[mix.length];
    for (int i = 0; i < mix.length; i++) {
      audible[i] = (short) Math.round(mix[i] / peak * BEARABLE);
    }
    return audible;
  }
}
