package io.sonidb.cli;

/// How loud each frequency is at each moment: short Fourier transforms under Hann windows.
final class Spectrogram {

  /// Quieter than this below the loudest is not told apart.
  static final float FLOOR_DECIBELS = -48;

  private final float[][] decibels;

  private Spectrogram(float[][] decibels) {
    this.decibels = decibels;
  }

  /// Analyses samples.
  ///
  /// @param window samples in each transform, a power of two
  /// @param columns how many moments, evenly spread
  static Spectrogram of(float[] samples, int window, int columns) {
    float[][] decibels = new float[columns][window / 2];
    double[] re = new double[window];
    double[] im = new double[window];
    double loudest = 1e-30;
    for (int column = 0; column < columns; column++) {
      int from = (int) ((column + 0.5) * samples.length / columns) - window / 2;
      for (int i = 0; i < window; i++) {
        boolean inside = from + i >= 0 && from + i < samples.length;
        double weight = 0.5 - 0.5 * Math.cos(2 * Math.PI * (i + 0.5) / window);
        re[i] = inside ? samples[from + i] * weight : 0;
        im[i] = 0;
      }
      transform(re, im);
      for (int bin = 0; bin < window / 2; bin++) {
        double power = re[bin] * re[bin] + im[bin] * im[bin];
        loudest = Math.max(loudest, power);
        decibels[column][bin] = (float) (10 * Math.log10(power + 1e-30));
      }
    }
    float reference = (float) (10 * Math.log10(loudest));
    for (float[] column : decibels) {
      for (int bin = 0; bin < column.length; bin++) {
        column[bin] = Math.clamp(column[bin] - reference, FLOOR_DECIBELS, 0);
      }
    }
    return new Spectrogram(decibels);
  }

  /// A window that shows a sound of so many samples well: short ones need to be seen in time.
  static int windowFor(int samples) {
    return samples < 3000 ? 128 : samples < 12_000 ? 256 : samples < 60_000 ? 512 : 1024;
  }

  /// Loudness below the loudest, between two frequencies if need be.
  ///
  /// @param height 0 for the lowest frequency to 1 for half the sample rate
  float at(int column, double height) {
    float[] bins = decibels[column];
    double place = Math.clamp(height * bins.length - 0.5, 0, bins.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, bins.length - 1);
    return (float) (bins[below] + (bins[above] - bins[below]) * (place - below));
  }

  /// The fast Fourier transform, in place (Cooley and Tukey 1965).
  static void transform(double[] re, double[] im) {
    int size = re.length;
    for (int i = 1, j = 0; i < size; i++) {
      int bit = size >> 1;
      for (; (j & bit) != 0; bit >>= 1) {
        j ^= bit;
      }
      j ^= bit;
      if (i < j) {
        swap(re, i, j);
        swap(im, i, j);
      }
    }
    for (int length = 2; length <= size; length <<= 1) {
      double angle = -2 * Math.PI / length;
      for (int start = 0; start < size; start += length) {
        for (int k = 0; k < length / 2; k++) {
          double cos = Math.cos(angle * k);
          double sin = Math.sin(angle * k);
          int low = start + k;
          int high = low + length / 2;
          double r = re[high] * cos - im[high] * sin;
          double i = re[high] * sin + im[high] * cos;
          re[high] = re[low] - r;
          im[high] = im[low] - i;
          re[low] += r;
          im[low] += i;
        }
      }
    }
  }

  private static void swap(double[] values, int i, int j) {
    double value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
}
