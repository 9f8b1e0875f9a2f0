package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// When the vectors of a collection expire: for each segment the earliest time of any of them.
///
/// Derived from the record tables. What is written is taken in as it is published; a segment that
/// was there before is gone through once, when it is first asked about.
final class Expiry {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int BATCH = 1000;

  /// Deletes vectors whose time is up.
  @FunctionalInterface
  interface Deletion {
    /// @param vectors the numbers of their upserts
    void delete(List<VectorId> ids, List<Long> vectors) throws IOException;
  }

  private final SegmentLog log;
  private final Runnable onExpiring;
  private final Object sweeping = new Object();
  private final Map<Integer, Long> earliest = new HashMap<>(); // by segment; guarded by this

  /// @param onExpiring hears that there may be something that expires
  Expiry(SegmentLog log, Runnable onExpiring) {
    this.log = log;
    this.onExpiring = onExpiring;
  }

  /// Takes what a checkpoint says of a segment, 0 if it does not know.
  synchronized void restore(int segment, long time) {
    if (time > 0) {
      earliest.put(segment, time);
      if (time != NEVER) {
        onExpiring.run();
      }
    }
  }

  /// The earliest time of a segment for a checkpoint, 0 if it is not known.
  synchronized long known(int segment) {
    return earliest.getOrDefault(segment, 0L);
  }

  /// Takes in new records; on the appender's thread.
  void published(Segment segment, int from, int to) {
    long first = NEVER;
    RecordTable table = segment.table();
    for (int ordinal = from; ordinal < to; ordinal++) {
      long time = table.expiresAtMillis(ordinal);
      first = time > 0 ? Math.min(first, time) : first;
    }
    synchronized (this) {
      if (from == 0) {
        earliest.put(segment.number(), first);
      } else if (earliest.containsKey(segment.number())) {
        earliest.merge(segment.number(), first, Math::min);
      }
    }
    if (first != NEVER) {
      onExpiring.run();
    }
  }

  /// Whether the time of any vector of a segment, which is pinned, may be up.
  boolean mayHaveExpired(Segment segment, long nowMillis) {
    return earliestIn(segment) <= nowMillis;
  }

  /// The earliest time at which a vector expires; that vector may have been superseded since.
  OptionalLong earliest() {
    try (LogView view = log.view()) {
      long first = NEVER;
      Set<Integer> numbers = new HashSet<>();
      for (Segment segment : view.segments()) {
        first = Math.min(first, earliestIn(segment));
        numbers.add(segment.number());
      }
      synchronized (this) {
        earliest.keySet().retainAll(numbers);
      }
      return first == NEVER ? OptionalLong.empty() : OptionalLong.of(first);
    }
  }

  private long earliestIn(Segment segment) {
    synchronized (this) {
      Long known = earliest.get(segment.number());
      if (known != null) {
        return known;
      }
    }
    return goThrough(segment);
  }

  /// Finds the earliest time of the live vectors of a segment that is pinned.
  private long goThrough(Segment segment) {
    int count = segment.table().count();
    long first = earliestIn(segment, 0, count);
    synchronized (this) {
      // What came meanwhile.
      first = Math.min(first, earliestIn(segment, count, segment.table().count()));
      earliest.put(segment.number(), first);
    }
    return first;
  }

  private static long earliestIn(Segment segment, int from, int to) {
    RecordTable table = segment.table();
    long first = NEVER;
    for (int ordinal = from; ordinal < to; ordinal++) {
      long time = table.expiresAtMillis(ordinal);
      if (time > 0 && time < first && segment.liveness().isLive(ordinal)) {
        first = time;
      }
    }
    return first;
  }

  /// Deletes every vector whose time is up.
  void sweep(long nowMillis, Deletion deletion) throws IOException {
    synchronized (sweeping) {
      try (LogView view = log.view()) {
        for (Segment segment : view.segments()) {
          if (earliestIn(segment) <= nowMillis) {
            sweep(segment, nowMillis, deletion);
            goThrough(segment);
          }
        }
      }
    }
  }

  private static void sweep(Segment segment, long nowMillis, Deletion deletion) throws IOException {
    int ordinal = 0;
    List<VectorId> ids = new ArrayList<>();
    List<Long> vectors = new ArrayList<>();
    do {
      ids.clear();
      vectors.clear();
      ordinal = collect(segment, ordinal, nowMillis, ids, vectors);
      if (!ids.isEmpty()) {
        deletion.delete(ids, vectors);
      }
    } while (!ids.isEmpty());
  }

  /// Gathers a batch of vectors whose time is up.
  ///
  /// @return the ordinal to go on from
  private static int collect(
      Segment segment, int from, long nowMillis, List<VectorId> ids, List<Long> vectors) {
    RecordTable table = segment.table();
    int count = table.count();
    int ordinal = from;
    for (; ordinal < count && ids.size() < BATCH; ordinal++) {
      if (Engine.hasExpired(table.expiresAtMillis(ordinal), nowMillis)
          && table.kind(ordinal) == RecordKind.UPSERT
          && segment.liveness().isLive(ordinal)) {
        ids.add(table.id(ordinal).orElseThrow());
        vectors.add(table.sequence(ordinal));
      }
    }
    return ordinal;
  }
}
