package io.sonidb.search;

/// Compares one vector with coded ones. For one thread.
abstract class CodeScorer {
  /// From now on, compares with this vector, prepared.
  abstract void aim(float[] prepared);

  /// From now on, compares with the vector of a node.
  abstract void aimAt(int node);

  /// How alike the vector of a node is, about: never negative, more is better.
  abstract float score(int node);
}
