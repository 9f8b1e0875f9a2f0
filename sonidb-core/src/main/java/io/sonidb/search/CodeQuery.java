package io.sonidb.search;

import io.sonidb.sound.Vector;
import java.util.Optional;

/// A vector to be looked for by codes. Any number of threads may share it.
public final class CodeQuery {
  private final float[] prepared;

  private CodeQuery(float[] prepared) {
    this.prepared = prepared;
  }

  /// What a probe looks for; none if only an exact search can find it: several examples, a metric
  /// without codes, numbers beyond all measure.
  public static Optional<CodeQuery> of(Probe probe) {
    if (!(probe.wanted() instanceof Wanted.Like(Vector vector)) || !serves(probe.score())) {
      return Optional.empty();
    }
    float[] floats = new float[vector.dimension()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) vector.doubleAt(i);
    }
    return new Coding.Preparation(probe.score(), floats.length).apply(floats)
        ? Optional.of(new CodeQuery(floats))
        : Optional.empty();
  }

  /// Whether there are codes for a metric.
  public static boolean serves(Score score) {
    return Coding.serves(score);
  }

  float[] prepared() {
    return prepared;
  }
}
