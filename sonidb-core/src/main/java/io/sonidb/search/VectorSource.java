package io.sonidb.search;

import java.util.List;

/// The vectors of a collection as search sees them; where they are kept it does not know.
///
/// A key is the place of a segment among those that are searched, in its upper 32 bits, and the
/// ordinal of a vector in that segment.
public interface VectorSource {
  /// Pieces that can be scanned side by side.
  List<Piece> pieces();

  /// Orders two keys by the ids of their vectors, for equal scores.
  int compareIds(long key, long otherKey);

  /// A run of vectors.
  interface Piece {
    /// Scores each vector of the piece, one after the other.
    void scan(Scorer scorer);
  }

  /// Takes one vector.
  interface Scorer {
    /// A vector of float32 components; the array is reused after the call.
    void accept(long key, float[] vector);

    /// A vector of float64 components; the array is reused after the call.
    void accept(long key, double[] vector);
  }
}
