package io.sonidb.sound.acoustic;

import java.util.Arrays;

/// Measures how strong each tone is, all the time: a Fourier transform at 96 frequencies over
/// windows of 1024 samples (a period of all tones, so that none leaks into another), one window
/// every 256 samples (a *block*).
///
/// Each block of samples is multiplied with all tones once, 192 products a sample; a window is the
/// sum of four blocks. The strength of tones in a symbol that would begin at a block is the sum of
/// the energies of seven windows in its middle: what happens in its first and last 256 samples,
/// where a codec smears and timing may be off, does not count.
final class ToneBank {
  static final int BLOCK_SAMPLES = 256;
  static final int SYMBOL_BLOCKS = AcousticFormat.SYMBOL_SAMPLES / BLOCK_SAMPLES;

  /// A symbol that begins at a block is measured when that many blocks behind it are complete.
  static final int LATENCY_BLOCKS = 10;

  /// How many windows and symbols are kept.
  static final int KEPT = 128;

  private static final int TONES = AcousticFormat.TONES;
  private static final int WINDOW_BLOCKS = AcousticFormat.PERIOD_SAMPLES / BLOCK_SAMPLES;
  private static final int FIRST_WINDOW = 1;
  private static final int WINDOWS = 7;

  /// For each sample of a period: cosines of all tones, then sines.
  private static final float[] WAVES = waves();

  private final float[] samples = new float[BLOCK_SAMPLES];
  private int filled;
  private long blocks;
  private final float[][] partial = new float[WINDOW_BLOCKS][2 * TONES];
  private final float[][] windows = new float[KEPT][TONES];
  private final float[][] symbols = new float[KEPT][TONES];
  private final float[][] groups = new float[KEPT][AcousticFormat.GROUPS];
  private final float[] sum = new float[2 * TONES];

  private static float[] waves() {
    int period = AcousticFormat.PERIOD_SAMPLES;
    float[] waves = new float[period * 2 * TONES];
    for (int i = 0; i < period; i++) {
      for (int tone = 0; tone < TONES; tone++) {
        int turned = (AcousticFormat.FIRST_TONE_WAVES + tone) * i % period;
        double angle = 2 * Math.PI * turned / period;
        waves[i * 2 * TONES + tone] = (float) Math.cos(angle);
        waves[i * 2 * TONES + TONES + tone] = (float) Math.sin(angle);
      }
    }
    return waves;
  }

  /// Takes a sample at 48 kHz; returns whether it completes a block.
  boolean accept(float sample) {
    samples[filled++] = sample;
    if (filled < BLOCK_SAMPLES) {
      return false;
    }
    filled = 0;
    transform();
    blocks++;
    if (blocks >= WINDOW_BLOCKS) {
      measureWindow(blocks - WINDOW_BLOCKS);
    }
    if (newestSymbol() >= 0) {
      measureSymbol(newestSymbol());
    }
    return true;
  }

  private void transform() {
    float[] out = partial[(int) (blocks % WINDOW_BLOCKS)];
    Arrays.fill(out, 0);
    int row = (int) (blocks % WINDOW_BLOCKS) * BLOCK_SAMPLES * 2 * TONES;
    for (int i = 0; i < BLOCK_SAMPLES; i += 2) {
      multiply(samples[i], samples[i + 1], row, out);
      row += 2 * 2 * TONES;
    }
  }

  /// Two samples at a time halve the traffic of sums.
  private static void multiply(float first, float second, int row, float[] out) {
    for (int k = 0; k < 2 * TONES; k++) {
      out[k] += first * WAVES[row + k] + second * WAVES[row + 2 * TONES + k];
    }
  }

  private void measureWindow(long block) {
    Arrays.fill(sum, 0);
    for (float[] part : partial) {
      for (int k = 0; k < sum.length; k++) {
        sum[k] += part[k];
      }
    }
    float[] window = windows[(int) (block % KEPT)];
    for (int tone = 0; tone < TONES; tone++) {
      window[tone] = sum[tone] * sum[tone] + sum[TONES + tone] * sum[TONES + tone];
    }
  }

  private void measureSymbol(long block) {
    float[] symbol = symbols[(int) (block % KEPT)];
    Arrays.fill(symbol, 0);
    for (int i = 0; i < WINDOWS; i++) {
      float[] window = windows[(int) ((block + FIRST_WINDOW + i) % KEPT)];
      for (int tone = 0; tone < TONES; tone++) {
        symbol[tone] += window[tone];
      }
    }
    float[] group = groups[(int) (block % KEPT)];
    Arrays.fill(group, 0);
    for (int tone = 0; tone < TONES; tone++) {
      group[tone / AcousticFormat.TONES_PER_GROUP] += symbol[tone];
    }
  }

  /// The last block at which a symbol may begin and is measured; negative while there is none.
  long newestSymbol() {
    return blocks - 1 - LATENCY_BLOCKS;
  }

  /// Energies of the tones in a window that begins at `block`, one of the last [#KEPT].
  float[] window(long block) {
    return windows[(int) (block % KEPT)];
  }

  /// Energies of the tones of a symbol that begins at `block`, one of the last [#KEPT].
  float[] symbol(long block) {
    return symbols[(int) (block % KEPT)];
  }

  /// Energies of the groups of a symbol that begins at `block`, one of the last [#KEPT].
  float[] groups(long block) {
    return groups[(int) (block % KEPT)];
  }

  /// The energy of all tones of a symbol.
  float total(long block) {
    float total = 0;
    for (float group : groups(block)) {
      total += group;
    }
    return total;
  }
}
