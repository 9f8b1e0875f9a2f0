package io.sonidb.server.hls;

import io.sonidb.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The collections that somebody listens to. Safe for use by any number of threads.
public final class Broadcasts implements AutoCloseable {
  /// Collections at a time.
  public static final int MOST = 64;

  private final LiveClock clock;
  private final Map<Collection, Broadcast> broadcasts = new HashMap<>();
  private boolean isClosed;

  /// @param clock by which time goes
  public Broadcasts(LiveClock clock) {
    this.clock = clock;
  }

  /// The broadcast of a collection, which begins if there is none.
  ///
  /// @param map address of the initialisation section, relative to the playlist's
  /// @return nothing if there are too many others, or all is over
  public Optional<Broadcast> of(Collection collection, String map) {
    synchronized (broadcasts) {
      broadcasts.values().removeIf(Broadcast::isClosed);
      Broadcast there = broadcasts.get(collection);
      if (there != null) {
        return Optional.of(there);
      }
      if (isClosed || broadcasts.size() == MOST) {
        return Optional.empty();
      }
      Broadcast begun = Broadcast.start(collection, clock, map);
      broadcasts.put(collection, begun);
      return Optional.of(begun);
    }
  }

  /// The broadcast of a collection, if somebody has asked for its playlist.
  public Optional<Broadcast> find(Collection collection) {
    synchronized (broadcasts) {
      return Optional.ofNullable(broadcasts.get(collection)).filter(each -> !each.isClosed());
    }
  }

  /// Bytes that all of them keep.
  public long bytes() {
    synchronized (broadcasts) {
      return broadcasts.values().stream().mapToLong(Broadcast::bytes).sum();
    }
  }

  @Override
  public void close() {
    synchronized (broadcasts) {
      isClosed = true;
      broadcasts.values().forEach(Broadcast::close);
      broadcasts.clear();
    }
  }
}
