package io.sonidb;

/// How the search index of large collections is made: behind the writers, by one thread for all
/// collections, which takes three tenths of a core while others write.
///
/// @param automatic whether it is made at all without being asked for, by [Collection#buildIndex()]
/// @param least vectors from which on a collection gets one; fewer are compared one by one
/// @param mostBacklog writes that may wait to be indexed before writers wait for that; 0 if they
///   never do
public record Indexing(boolean automatic, int least, long mostBacklog) {
  /// From 20,000 vectors on, and nobody waits for it.
  public static final Indexing DEFAULT = new Indexing(true, 20_000, 0);

  /// Only when asked for.
  public static final Indexing BY_HAND = new Indexing(false, 20_000, 0);

  public Indexing {
    if (least < 1) {
      throw new IllegalArgumentException("least must be 1 vector or more, was " + least);
    }
    if (mostBacklog < 0 || mostBacklog > 0 && mostBacklog < 2L * least) {
      throw new IllegalArgumentException(
          "the backlog must be 0 for any, or at least "
              + 2L * least
              + " writes, twice what an index is made of, was "
              + mostBacklog);
    }
  }

  /// With another number of vectors from which on there is an index.
  public Indexing least(int vectors) {
    return new Indexing(automatic, vectors, mostBacklog);
  }

  /// With writers that wait when so many writes are not indexed yet; 0 if they never do.
  public Indexing mostBacklog(long writes) {
    return new Indexing(automatic, least, writes);
  }
}
