package io.sonidb;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;

/// What to search for.
public sealed interface Query {
  /// Most hits of one search.
  int MAX_K = 10_000;

  /// How many hits are wanted.
  int k();

  /// The vectors most like `vector`.
  static Query nearest(Vector vector, int k) {
    return new ToVector(vector, k);
  }

  /// The vectors most like `vector`; the array is copied.
  static Query nearest(float[] vector, int k) {
    return new ToVector(Vector.of(vector), k);
  }

  /// The vectors most like the one stored under `id`, without itself.
  static Query nearest(VectorId id, int k) {
    return new ToId(id, k);
  }

  /// Nearest to a vector.
  ///
  /// @param vector of the collection's dimension
  /// @param k how many, 1 to [#MAX_K]
  record ToVector(Vector vector, int k) implements Query {
    public ToVector {
      checkK(k);
    }
  }

  /// Nearest to a stored vector, which is not among the hits.
  ///
  /// @param id of the stored vector
  /// @param k how many, 1 to [#MAX_K]
  record ToId(VectorId id, int k) implements Query {
    public ToId {
      checkK(k);
    }
  }

  private static void checkK(int k) {
    if (k < 1 || k > MAX_K) {
      throw new IllegalArgumentException("k must be 1 to " + MAX_K + ", was " + k);
    }
  }
}
