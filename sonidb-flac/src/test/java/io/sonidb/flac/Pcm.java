package io.sonidb.flac;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Signals for encoder tests.
final class Pcm {

  /// What the samples of a channel are like.
  enum Kind {
    SILENCE,
    CONSTANT,
    NOISE,
    QUIET_NOISE,
    SHIFTED_NOISE,
    EXTREMES,
    SINE,
    CONTROL_WORD,
    BURSTS,
    RAMP,
    CHORD
  }

  private Pcm() {}

  static int[][] of(RandomGenerator random, AudioFormat format, int size) {
    int[][] pcm = new int[format.channels()][];
    for (int channel = 0; channel < pcm.length; channel++) {
      Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
      pcm[channel] = channel(random, kind, format.bitsPerSample(), size);
    }
    if (pcm.length == 2 && random.nextBoolean()) {
      follow(random, pcm[0], pcm[1], format.bitsPerSample());
    }
    return pcm;
  }

  /// Makes a channel that is nearly like another one.
  private static void follow(RandomGenerator random, int[] leader, int[] follower, int depth) {
    int max = (1 << (depth - 1)) - 1;
    int sign = random.nextInt(4) == 0 ? -1 : 1;
    for (int i = 0; i < leader.length; i++) {
      follower[i] = Math.clamp((long) sign * leader[i] + random.nextInt(-2, 3), -max - 1, max);
    }
  }

  static int[] channel(RandomGenerator random, Kind kind, int depth, int size) {
    int[] samples = new int[size];
    int max = (1 << (depth - 1)) - 1;
    int shift = random.nextInt(depth);
    int constant = random.nextInt() >> (32 - depth);
    for (int i = 0; i < size; i++) {
      int noise = random.nextInt() >> (32 - depth);
      samples[i] =
          switch (kind) {
            case SILENCE -> 0;
            case CONSTANT -> constant;
            case NOISE -> noise;
            case QUIET_NOISE -> noise >> shift;
            case SHIFTED_NOISE -> noise >> shift << shift;
            case EXTREMES -> random.nextBoolean() ? max : -max - 1;
            case SINE -> (int) (Math.sin(i * 0.05) * max) + (noise >> Math.min(depth, 20));
            // As in a sonified vector: one large number, then small ones.
            case CONTROL_WORD ->
                i == 0 ? max : Math.clamp((long) (random.nextGaussian() * 3), -max - 1, max);
            case BURSTS -> i / 50 % 3 == 0 ? noise : noise >> shift;
            case RAMP -> i * 3 % (max + 1);
            // What linear predictors are good at, with a little noise.
            case CHORD ->
                (int) (max * (0.4 * Math.sin(i * 0.11) + 0.3 * Math.sin(i * 0.37)))
                    + (noise >> Math.min(depth, 15));
          };
      samples[i] = Math.clamp(samples[i], -max - 1, max);
    }
    return samples;
  }

  /// The channels of a decoder, cut to its block size.
  static int[][] of(FrameDecoder decoder) {
    int[][] pcm = new int[decoder.format().channels()][];
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = Arrays.copyOf(decoder.samples(channel), decoder.blockSize());
    }
    return pcm;
  }
}
