package io.sonidb.search;

import io.sonidb.sound.Vector;
import java.util.List;

/// What vectors are compared with. All of the source's element type and dimension.
public sealed interface Wanted {
  /// One vector: the score is that of the metric.
  ///
  /// @param vector what the best match is like
  record Like(Vector vector) implements Wanted {}

  /// Several examples: the score is that of the example which is most like the vector, squeezed
  /// between 0 and 1 if that one is wanted, between -1 and 0 if not. Best by whatever metric is
  /// highest.
  ///
  /// @param positives what the best match is like, maybe none
  /// @param negatives what it is not like, maybe none
  record Nearest(List<Vector> positives, List<Vector> negatives) implements Wanted {
    public Nearest {
      positives = List.copyOf(positives);
      negatives = List.copyOf(negatives);
    }
  }
}
