package io.sonidb;

import io.sonidb.search.Score;
import java.util.Arrays;
import java.util.Locale;

/// What makes two vectors of a collection alike.
public enum Metric {
  /// Cosine of the angle: 1 is the same direction. Takes no zero vector, NaN or infinity, which
  /// have no angle.
  COSINE(Score.COSINE, true),
  /// Inner product: higher is more alike.
  DOT(Score.DOT, true),
  /// Euclidean distance: 0 is equal.
  EUCLID(Score.EUCLID, false),
  /// Sum of absolute differences: 0 is equal.
  MANHATTAN(Score.MANHATTAN, false);

  private final Score score;
  private final boolean higherIsBetter;

  Metric(Score score, boolean higherIsBetter) {
    this.score = score;
    this.higherIsBetter = higherIsBetter;
  }

  /// Reads a metric's name, in any case.
  ///
  /// @throws IllegalArgumentException naming the metrics there are
  public static Metric parse(String name) {
    return Arrays.stream(values())
        .filter(metric -> metric.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "metric must be cosine, dot, euclid or manhattan, was '" + name + "'"));
  }

  /// Whether a higher score is the better match.
  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  Score score() {
    return score;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
