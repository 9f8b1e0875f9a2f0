package io.sonidb.sound.acoustic;

/// Changes the sample rate by a cubic through the four samples around each moment (Catmull-Rom).
/// That is not for music: it keeps tones up to 6.4 kHz, and lets through what is far above them,
/// weakly, into the wrong places.
final class Resampler {
  private final double step;
  private final boolean same;
  private float a;
  private float b;
  private float c;
  private float d;

  /// Where the next sample lies between `b` (0) and `c` (1).
  private double at = 2;

  Resampler(int fromHz, int toHz) {
    step = (double) fromHz / toHz;
    same = fromHz == toHz;
  }

  /// Takes a sample.
  void accept(float sample) {
    a = b;
    b = c;
    c = d;
    d = sample;
    at = same ? 0 : at - 1;
  }

  boolean hasNext() {
    return at < 1;
  }

  float next() {
    if (same) {
      at = 1;
      return d;
    }
    float t = (float) at;
    at += step;
    float linear = c - a;
    float square = 2 * a - 5 * b + 4 * c - d;
    float cube = 3 * (b - c) + d - a;
    return b + 0.5f * t * (linear + t * (square + t * cube));
  }
}
