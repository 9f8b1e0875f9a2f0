package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.BYTE;

import java.lang.foreign.MemorySegment;

/// Compares one vector with coded ones. For one thread.
abstract class CodeScorer {
  final MemorySegment codes;
  final int codeBytes;

  @SuppressWarnings("UnusedVariable") // kept, or what is read ahead would not be read at all
  int fetched;

  /// @param codes one behind the other
  /// @param codeBytes of each
  CodeScorer(MemorySegment codes, int codeBytes) {
    this.codes = codes;
    this.codeBytes = codeBytes;
  }

  /// From now on, compares with this vector, prepared.
  abstract void aim(float[] prepared);

  /// From now on, compares with the vector of a node.
  abstract void aimAt(int node);

  /// One that aims at the same among other codes.
  abstract CodeScorer over(MemorySegment others);

  /// How alike the vector of a node is, about: never negative, more is better.
  abstract float score(int node);

  /// Compares with several nodes.
  ///
  /// @param into takes what [#score(int)] says of each
  final void scores(int[] nodes, int count, float[] into) {
    fetch(nodes, count);
    for (int i = 0; i < count; i++) {
      into[i] = score(nodes[i]);
    }
  }

  /// The greatest of some scores; negative infinity of none.
  static float greatest(float[] scores, int count) {
    float greatest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      greatest = Math.max(greatest, scores[i]);
    }
    return greatest;
  }

  /// Brings the codes of several nodes into the cache: they lie anywhere, and one after the other
  /// each would be waited for.
  private void fetch(int[] nodes, int count) {
    int any = 0;
    for (int i = 0; i < count; i++) {
      long at = (long) nodes[i] * codeBytes;
      any += codes.get(BYTE, at) ^ codes.get(BYTE, at + codeBytes - 1);
    }
    fetched = any;
  }
}
