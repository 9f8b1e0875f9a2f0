package io.sonidb.search;

/// Which vectors a search may find, one bit for each of a segment's ordinals. It never changes, and
/// any number of threads may ask.
public interface AcceptBits {
  /// Every vector.
  AcceptBits ALL =
      new AcceptBits() {
        @Override
        public boolean accepts(int segment, int ordinal) {
          return true;
        }

        @Override
        public long count() {
          return Long.MAX_VALUE;
        }
      };

  /// Whether a vector may be found.
  ///
  /// @param segment its place among the segments that are searched
  /// @param ordinal in that segment
  boolean accepts(int segment, int ordinal);

  /// How many vectors may be found.
  long count();
}
