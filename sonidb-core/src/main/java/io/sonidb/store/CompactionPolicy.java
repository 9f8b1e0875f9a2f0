package io.sonidb.store;

import java.util.List;

/// Chooses what to compact next.
///
/// Dead records are let be until they are a fifth of all bytes; then the segments go first that
/// give back the most for what has to be copied, with their neighbours where that is worth it. So a
/// collection whose every vector is replaced again and again takes less than one and a half times
/// the bytes of its live vectors, and copies about as much as is written. Small segments that
/// follow one another become one when there are several of about one size, so that each record is
/// copied a few times only, however many small segments there were.
final class CompactionPolicy {
  /// Share of dead bytes in a collection that is tolerated.
  static final double DEAD_SHARE = 0.2;

  /// A segment with a smaller share of dead bytes is not worth copying, nor is one with fewer than
  /// this part of a full segment.
  private static final double WORTH = 0.15;

  private static final int WORTH_PART = 64;

  private static final int SMALL = 8; // segments of up to an eighth of the full size are small
  private static final int FEWEST_SMALL = 4;

  /// One segment.
  ///
  /// @param movable whether it may be compacted: sealed, and undamaged
  /// @param bytes of its records
  /// @param deadBytes of those that are superseded
  /// @param outdated whether it must be rewritten in any case
  record Candidate(boolean movable, long bytes, long deadBytes, boolean outdated) {
    long liveBytes() {
      return bytes - deadBytes;
    }

    double deadShare() {
      return bytes == 0 ? 0 : (double) deadBytes / bytes;
    }
  }

  /// A run of segments: indexes from `from` to before `to`.
  record Run(int from, int to) {
    static final Run NONE = new Run(0, 0);

    boolean isEmpty() {
      return from == to;
    }
  }

  private final long segmentBytes;

  /// @param segmentBytes size at which a segment is full
  CompactionPolicy(long segmentBytes) {
    this.segmentBytes = segmentBytes;
  }

  /// Which segments become one now, or none.
  ///
  /// @param all in the order of their sequence numbers
  Run choose(List<Candidate> all) {
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).movable() && all.get(i).outdated()) {
        return new Run(i, i + 1);
      }
    }
    Run dead = mostDead(all);
    return dead.isEmpty() ? small(all) : dead;
  }

  /// Whether so many dead bytes are too many.
  boolean isTooMuch(long bytes, long deadBytes) {
    return deadBytes > Math.min(segmentBytes, 64L << 20) / 8 && deadBytes > bytes * DEAD_SHARE;
  }

  private Run mostDead(List<Candidate> all) {
    long bytes = all.stream().mapToLong(Candidate::bytes).sum();
    long dead = all.stream().mapToLong(Candidate::deadBytes).sum();
    if (!isTooMuch(bytes, dead)) {
      return Run.NONE;
    }
    int worst = -1;
    for (int i = 0; i < all.size(); i++) {
      if (isWorth(all.get(i))
          && (worst < 0 || all.get(i).deadShare() > all.get(worst).deadShare())) {
        worst = i;
      }
    }
    return worst < 0 ? Run.NONE : grown(all, worst);
  }

  private boolean isWorth(Candidate candidate) {
    return candidate.movable()
        && candidate.deadShare() >= WORTH
        && candidate.deadBytes() >= segmentBytes / WORTH_PART;
  }

  /// The neighbours join in as long as they are worth it, or small, and all fits one segment.
  private Run grown(List<Candidate> all, int seed) {
    int from = seed;
    int to = seed + 1;
    long live = all.get(seed).liveBytes();
    while (to < all.size() && joins(all.get(to), live)) {
      live += all.get(to++).liveBytes();
    }
    while (from > 0 && joins(all.get(from - 1), live)) {
      live += all.get(--from).liveBytes();
    }
    return new Run(from, to);
  }

  private boolean joins(Candidate candidate, long live) {
    return candidate.movable()
        && (isWorth(candidate) || isSmall(candidate))
        && live + candidate.liveBytes() <= segmentBytes;
  }

  private boolean isSmall(Candidate candidate) {
    return candidate.movable() && candidate.liveBytes() < segmentBytes / SMALL;
  }

  /// The first run of small segments of which the largest is not larger than all others together.
  private Run small(List<Candidate> all) {
    for (int from = 0; from < all.size(); from++) {
      long sum = 0;
      long largest = 0;
      int to = from;
      while (to < all.size()
          && isSmall(all.get(to))
          && sum + all.get(to).liveBytes() <= segmentBytes) {
        sum += all.get(to).liveBytes();
        largest = Math.max(largest, all.get(to).liveBytes());
        to++;
      }
      if (to - from >= FEWEST_SMALL && largest * 2 <= sum + segmentBytes / 4096) {
        return new Run(from, to);
      }
    }
    return Run.NONE;
  }

  /// The first run from an index on whose every segment is movable, and which fits one segment.
  Run fitting(List<Candidate> all, int start) {
    int from = start;
    while (from < all.size() && !all.get(from).movable()) {
      from++;
    }
    int to = from;
    long live = 0;
    while (to < all.size()
        && all.get(to).movable()
        && (to == from || live + all.get(to).liveBytes() <= segmentBytes)) {
      live += all.get(to++).liveBytes();
    }
    return new Run(from, to);
  }
}
