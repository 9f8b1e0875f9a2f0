package io.sonidb.server.hls;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.SegmentFile;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A collection's live sound while somebody asks for it: the parts of the last seconds, and the
/// playlist that names them.
///
/// One virtual thread makes the parts as time goes by, and ends when nobody has asked for
/// [#PATIENCE_MILLIS]. Who asks for what is about to come waits. Safe for use by any number of
/// threads.
public final class Broadcast implements AutoCloseable {
  /// Media segments in the playlist.
  static final int LISTED = 8;

  /// Media segments that are kept: whoever has an older playlist finds what it names.
  static final int KEPT = 12;

  /// So many of the last segments have their parts in the playlist.
  static final int WITH_PARTS = 3;

  static final long PATIENCE_MILLIS = 30_000;

  /// As far ahead of the playlist a request may be: segments, and parts.
  private static final int MOST_SEGMENTS_AHEAD = 2;

  private static final int MOST_PARTS_AHEAD = 15;

  /// Nobody waits longer, whatever happens to the clock.
  private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Collection collection;
  private final LiveClock clock;
  private final String map;
  private final PartMaker maker;
  private final Thread thread;

  // All under the lock of `this`.
  private final TreeMap<Long, List<byte[]>> segments = new TreeMap<>();
  private final Deque<Told> told = new ArrayDeque<>();
  private long next;
  private String playlist = "";
  private boolean isClosed;
  private long askedMillis;

  // Only used by the thread.
  private CollectionSpec spec;
  private Map<String, SegmentFile> files;

  /// Something that the playlist tells for a while.
  private record Told(long millis, String line) {}

  /// @param map address of the initialisation section
  private Broadcast(Collection collection, LiveClock clock, String map) {
    this.collection = collection;
    this.clock = clock;
    this.map = map;
    this.maker = new PartMaker(collection);
    this.spec = collection.spec();
    this.files = files();
    this.askedMillis = clock.millis();
    begin(Timeline.part(askedMillis));
    this.thread = Thread.ofVirtual().name("sonidb-hls-" + collection.name()).unstarted(this::run);
  }

  static Broadcast start(Collection collection, LiveClock clock, String map) {
    Broadcast broadcast = new Broadcast(collection, clock, map);
    broadcast.thread.start();
    return broadcast;
  }

  /// Whether there is nothing to be had any more.
  synchronized boolean isClosed() {
    return isClosed;
  }

  /// Bytes that it keeps.
  synchronized long bytes() {
    return segments.values().stream().flatMap(List::stream).mapToLong(part -> part.length).sum();
  }

  @Override
  public void close() {
    synchronized (this) {
      isClosed = true;
      notifyAll();
    }
    thread.interrupt();
  }

  // Making -------------------------------------------------------------------------------------

  /// A playlist needs some segments; before the first part there was nothing.
  private synchronized void begin(long part) {
    segments.clear();
    long first = Math.max(0, part / Timeline.PARTS - WITH_PARTS) * Timeline.PARTS;
    for (next = first; next < part; next++) {
      keep(maker.silent(next));
    }
    playlist = LivePlaylist.text(map, segments, next, told.stream().map(Told::line).toList());
  }

  private void run() {
    try (maker) {
      while (isWanted()) {
        long part = nextPart();
        clock.awaitMillis(Timeline.startMillis(part + 1));
        long now = Timeline.part(clock.millis());
        if (now - part > (long) KEPT * Timeline.PARTS) {
          begin(now); // the machine slept: whoever comes back finds the present
          part = now;
        }
        for (; part < now; part++) {
          publish(part, maker.make(part));
        }
      }
    } catch (InterruptedException e) {
      // It was closed.
    } catch (RuntimeException e) {
      if (!maker.isOver()) {
        throw e; // else the collection was closed or dropped meanwhile
      }
    } finally {
      synchronized (this) {
        isClosed = true;
        segments.clear();
        notifyAll();
      }
    }
  }

  private synchronized boolean isWanted() {
    return !isClosed && !maker.isOver() && clock.millis() - askedMillis < PATIENCE_MILLIS;
  }

  private synchronized long nextPart() {
    return next;
  }

  private void publish(long part, byte[] bytes) {
    List<String> lines = new ArrayList<>();
    long millis = Timeline.startMillis(part);
    maker.skipped().ifPresent(skipped -> lines.add(LivePlaylist.skipped(millis, skipped)));
    if (part % Timeline.PARTS == 0) {
      lines.addAll(events(millis));
    }
    synchronized (this) {
      lines.forEach(line -> told.add(new Told(millis, line)));
      keep(bytes);
      next = part + 1;
      long oldest = Timeline.startMillis((next / Timeline.PARTS - LISTED) * Timeline.PARTS);
      while (!told.isEmpty() && told.peek().millis() < oldest) {
        told.remove();
      }
      playlist = LivePlaylist.text(map, segments, next, told.stream().map(Told::line).toList());
      notifyAll();
    }
  }

  /// Keeps the part [#next].
  private void keep(byte[] part) {
    segments.computeIfAbsent(next / Timeline.PARTS, _ -> new ArrayList<>(Timeline.PARTS)).add(part);
    while (segments.size() > KEPT) {
      segments.pollFirstEntry();
    }
  }

  private Map<String, SegmentFile> files() {
    return collection.segmentFiles().stream()
        .collect(Collectors.toMap(SegmentFile::file, Function.identity()));
  }

  /// What has happened to the collection.
  private List<String> events(long millis) {
    List<String> lines = new ArrayList<>();
    Map<String, SegmentFile> before = files;
    files = files();
    for (SegmentFile file : files.values()) {
      SegmentFile was = before.get(file.file());
      if (file.isSealed() && was != null && !was.isSealed()) {
        lines.add(LivePlaylist.event(millis, "sealed", file));
      }
    }
    for (SegmentFile file : before.values()) {
      if (!files.containsKey(file.file())) {
        lines.add(LivePlaylist.event(millis, "compacted", file));
      }
    }
    CollectionSpec now = collection.spec();
    if (!now.equals(spec)) {
      spec = now;
      lines.add(LivePlaylist.altered(millis));
    }
    return lines;
  }

  // Asking -------------------------------------------------------------------------------------

  /// Somebody is there.
  synchronized void touch() {
    askedMillis = clock.millis();
  }

  /// The playlist as it is.
  public synchronized String playlist() {
    touch();
    return playlist;
  }

  /// The playlist once it has a part, or a whole segment.
  ///
  /// @param segment media sequence number
  /// @param part index in it; all of it if that is not said. One behind the last is the first one
  ///   of the next segment
  /// @return nothing if that took too long, or there are no parts any more
  /// @throws IllegalArgumentException if that is too far ahead
  public Optional<String> playlist(long segment, Optional<Integer> part) {
    synchronized (this) {
      long ahead = segment - (next / Timeline.PARTS - 1);
      if (ahead > MOST_SEGMENTS_AHEAD) {
        throw new IllegalArgumentException(
            "_HLS_msn " + segment + " is " + ahead + " segments ahead; two is the most");
      }
      int index = part.orElse(Timeline.PARTS - 1);
      long wanted = Math.max(0, segment) * Timeline.PARTS + index;
      if (part.isPresent() && wanted - next > MOST_PARTS_AHEAD) {
        throw new IllegalArgumentException(
            "_HLS_part " + index + " is more than " + MOST_PARTS_AHEAD + " parts ahead");
      }
      return await(wanted) ? Optional.of(playlist) : Optional.empty();
    }
  }

  /// A part. The one that comes next is waited for.
  ///
  /// @return nothing if it is not there, any more or yet
  public synchronized Optional<byte[]> part(long segment, int part) {
    touch();
    long wanted = segment * Timeline.PARTS + part;
    if (segment < 0 || part < 0 || part >= Timeline.PARTS || wanted > next) {
      return Optional.empty();
    }
    if (!await(wanted)) {
      return Optional.empty();
    }
    List<byte[]> parts = segments.getOrDefault(segment, List.of());
    return part < parts.size() ? Optional.of(parts.get(part)) : Optional.empty();
  }

  /// A whole segment.
  ///
  /// @return its parts; nothing if it is not there, any more or yet
  public synchronized Optional<List<byte[]>> segment(long number) {
    touch();
    List<byte[]> parts = segments.getOrDefault(number, List.of());
    return parts.size() == Timeline.PARTS ? Optional.of(List.copyOf(parts)) : Optional.empty();
  }

  /// Waits for a part, under the lock.
  private boolean await(long part) {
    touch();
    long end = System.nanoTime() + LONGEST_WAIT_NANOS;
    while (next <= part && !isClosed) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return !isClosed;
  }
}
