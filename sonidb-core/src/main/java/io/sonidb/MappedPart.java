package io.sonidb;

import io.sonidb.search.SearchPart;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/// A part of the search index with its mapping, which is released when it was retired and nobody
/// searches in it any more.
final class MappedPart {
  private static final int RETIRED = 1 << 31;

  private final SearchPart part;
  private final Arena arena;
  private final AtomicInteger pins = new AtomicInteger(); // the sign bit says that it is retired

  /// @param arena holds the part's mapping, and nothing else
  MappedPart(SearchPart part, Arena arena) {
    this.part = part;
    this.arena = arena;
  }

  SearchPart part() {
    return part;
  }

  /// Keeps it mapped, unless it is retired already.
  ///
  /// @return whether it is pinned now
  boolean pin() {
    int now = pins.get();
    while (now >= 0) {
      if (pins.compareAndSet(now, now + 1)) {
        return true;
      }
      now = pins.get();
    }
    return false;
  }

  void unpin() {
    if (pins.decrementAndGet() == RETIRED) {
      arena.close();
    }
  }

  void retire() {
    if (pins.getAndUpdate(now -> now | RETIRED) == 0) {
      arena.close();
    }
  }
}
