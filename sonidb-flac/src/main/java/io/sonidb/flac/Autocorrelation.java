package io.sonidb.flac;

import io.sonidb.flac.kernel.Kernels;
import java.util.Arrays;

/// How alike a stretch of samples is to itself some samples later: for each lag the sum of the
/// products of all pairs of samples so far apart. Linear predictors are computed from that.
///
/// Only part of the stretch counts in full: it fades in at the beginning and out at the end by a
/// cosine (a Tukey window), as the abrupt ends would look like clicks that a predictor had to
/// foretell.
final class Autocorrelation {

  private double[] faded = {};
  private double[] fade = {};
  private final double[] sums = new double[Kernels.LAGS];

  /// What a stretch of ones would sum up to at lag 0.
  double energy;

  /// Sums up `samples[from..to)`.
  ///
  /// @param fadeLength so many samples fade in, and so many out; at most half of all
  /// @param into for each lag from 0 to `maxLag` the sum
  /// @param maxLag 0 to 32
  void of(
      Kernels kernels, int[] samples, int from, int to, int fadeLength, double[] into, int maxLag) {
    int count = to - from;
    int room = count + 1 + maxLag + Kernels.LAGS;
    if (faded.length < room) {
      faded = new double[room];
    }
    widen(samples, from, count, faded);
    Arrays.fill(faded, count, room, 0);
    fade(count, fadeLength);
    for (int lag = 0; lag <= maxLag; lag += Kernels.LAGS) {
      kernels.correlate(faded, count, lag, sums);
      System.arraycopy(sums, 0, into, lag, Math.min(Kernels.LAGS, maxLag + 1 - lag));
    }
  }

  private void fade(int count, int length) {
    if (fade.length != length) {
      fade = new double[length];
      for (int i = 0; i < length; i++) {
        fade[i] = 0.5 - 0.5 * Math.cos(Math.PI * (i + 0.5) / length);
      }
    }
    energy = count - 2.0 * length;
    for (int i = 0; i < length; i++) {
      faded[i] *= fade[i];
      faded[count - 1 - i] *= fade[i];
      energy += 2 * fade[i] * fade[i];
    }
  }

  private static void widen(int[] samples, int from, int count, double[] into) {
    for (int i = 0; i < count; i++) {
      into[i] = samples[from + i];
    }
  }
}
