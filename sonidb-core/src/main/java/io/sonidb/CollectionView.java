package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.search.FlatSearch;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// A collection as it was at one moment: whatever is written, deleted, expired or compacted
/// meanwhile, it stays the same until it is closed.
///
/// It holds no copy: what it needs is kept on disk as long as it is open. Safe for use by any
/// number of threads.
public final class CollectionView implements AutoCloseable {
  private final Collection collection;
  private final Engine engine;
  private final LogView log;
  private final long nowMillis;
  private final SoniDb.Cores cores;

  CollectionView(Collection collection, Engine engine, SoniDb.Cores cores) {
    this.collection = collection;
    this.engine = engine;
    this.cores = cores;
    this.log = engine.log().view();
    this.nowMillis = engine.nowMillis();
  }

  /// Number of the newest write that is in it.
  public long sequence() {
    return log.asOf();
  }

  Collection collection() {
    return collection;
  }

  LogView log() {
    return log;
  }

  Engine engine() {
    return engine;
  }

  /// The point of an id.
  ///
  /// @throws DamagedRecordException if it is not as it was written
  public Optional<Point> get(VectorId id) {
    long newest = newestOf(id);
    if (newest == Directory.NONE) {
      return Optional.empty();
    }
    Segment segment = log.segment(newest);
    int ordinal = Directory.ordinal(newest);
    return switch (segment.table().kind(ordinal)) {
      case UPSERT -> point(newest, newest);
      case PAYLOAD -> {
        long vector = log.locate(segment.table().vectorSequence(ordinal));
        yield vector == Directory.NONE ? Optional.empty() : point(vector, newest);
      }
      case DELETE, SKIP -> Optional.empty();
    };
  }

  /// All points in ascending order of their ids. Open as long as the view is.
  public PointCursor scroll() {
    return new IdOrderCursor(this, () -> {});
  }

  /// A part of the points, in the order in which they were written: all parts together are all
  /// points, and none is in two of them. The same view gives the same parts again.
  ///
  /// @param part 0 to `parts` - 1
  /// @param parts 1 or more
  public PointCursor slice(int part, int parts) {
    if (parts < 1 || part < 0 || part >= parts) {
      throw new IllegalArgumentException(
          "a slice is one of 1 or more parts, counted from 0: there is no part "
              + part
              + " of "
              + parts);
    }
    long records = 0;
    for (int i = 0; i < log.segments().size(); i++) {
      records += log.count(i);
    }
    return new LogOrderCursor(this, share(records, part, parts), share(records, part + 1, parts));
  }

  // Without overflow, whatever the number of records.
  private static long share(long records, int part, int parts) {
    return records / parts * part + records % parts * part / parts;
  }

  /// Decodes every vector on all cores and hands it to `sink`, in no order; the fastest way through
  /// a collection.
  ///
  /// @param sink is called by several threads at once, with a vector whose array is reused
  /// @return how many it was called with
  /// @throws DamagedRecordException at the first vector that is not as it was written
  public long scan(Collection.VectorSink sink) {
    Consumer<Damage> fail =
        damage -> {
          throw new DamagedRecordException(damage);
        };
    return new LiveVectors(this, fail).forEach(sink, cores.scanning(), cores.count());
  }

  /// Number of points.
  public long count() {
    LongAdder count = new LongAdder();
    for (int i = 0; i < log.segments().size(); i++) {
      for (int ordinal = 0; ordinal < log.count(i); ordinal++) {
        if (hasVector(log.segments().get(i), ordinal)) {
          count.increment();
        }
      }
    }
    return count.sum();
  }

  /// Finds the vectors most like a query, by comparing with all of them. Damaged ones are left out,
  /// and named in the result.
  ///
  /// @throws VectorNotFoundException if the query names an id that is not there
  public SearchResult search(Query query) {
    long start = System.nanoTime();
    CollectionSpec spec = collection.spec();
    Vector vector =
        switch (query) {
          case Query.ToVector(Vector given, int _) -> VectorCheck.accept(given, "query", spec);
          case Query.ToId(VectorId id, int _) ->
              get(id)
                  .orElseThrow(() ->
                      new VectorNotFoundException(
                          "collection " + collection.name() + " has no vector " + id))
                  .vector();
        };
    Optional<VectorId> without =
        query instanceof Query.ToId(VectorId id, int _) ? Optional.of(id) : Optional.empty();
    Set<Damage> damaged = ConcurrentHashMap.newKeySet();
    // Of those found some may turn out to be damaged: then more are looked for.
    int spare = 0;
    List<Hit> hits;
    boolean all;
    do {
      int most = query.k() + (without.isPresent() ? 1 : 0) + spare;
      LiveVectors source = new LiveVectors(this, damaged::add);
      List<FlatSearch.Found> found =
          FlatSearch.search(
              source, spec.metric().score(), vector, most, cores.scanning(), cores.count());
      hits = hits(found, source, without, query.k(), damaged::add);
      all = found.size() < most;
      spare = spare * 4 + 16;
    } while (hits.size() < query.k() && !all);
    return new SearchResult(hits, true, List.copyOf(damaged), (System.nanoTime() - start) / 1e9);
  }

  private List<Hit> hits(
      List<FlatSearch.Found> found,
      LiveVectors source,
      Optional<VectorId> without,
      int k,
      Consumer<Damage> onDamage) {
    boolean higherIsBetter = collection.spec().metric().higherIsBetter();
    List<Hit> hits = new ArrayList<>();
    for (FlatSearch.Found each : found) {
      VectorId id = source.id(each.key());
      if (hits.size() == k || without.equals(Optional.of(id))) {
        continue;
      }
      try {
        Point point =
            pointOfVector(LiveVectors.segmentOf(each.key()), LiveVectors.ordinalOf(each.key()))
                .orElseThrow();
        double score = higherIsBetter ? each.score() : 0.0 - each.score();
        hits.add(
            new Hit(
                id,
                score,
                point.payload(),
                point.sequence(),
                point.insertedAt(),
                point.expiresAt()));
      } catch (DamagedRecordException e) {
        onDamage.accept(e.damage());
      }
    }
    return hits;
  }

  /// Whether a record is the vector of a point.
  boolean hasVector(Segment segment, int ordinal) {
    RecordTable table = segment.table();
    if (table.kind(ordinal) != RecordKind.UPSERT || !log.isLive(segment, ordinal)) {
      return false;
    }
    long expires = table.expiresAtMillis(ordinal);
    return expires == 0 || expires > nowMillis;
  }

  /// The point whose vector is at a place, if there is one.
  ///
  /// @param index of the segment in the view
  Optional<Point> pointOfVector(int index, int ordinal) {
    Segment segment = log.segments().get(index);
    if (!hasVector(segment, ordinal)) {
      return Optional.empty();
    }
    long vector = Directory.location(segment.number(), ordinal);
    VectorId id = segment.table().id(ordinal).orElseThrow();
    return point(vector, newestOf(id));
  }

  /// The point with the vector at one place and the payload at another, which may be the same; none
  /// when its time is up.
  Optional<Point> point(long vector, long newest) {
    Segment segment = log.segment(vector);
    int ordinal = Directory.ordinal(vector);
    long expires = segment.table().expiresAtMillis(ordinal);
    if (expires != 0 && expires <= nowMillis) {
      return Optional.empty();
    }
    Point point = engine.read(segment, ordinal);
    return Optional.of(
        newest == vector
            ? point
            : engine.withPayload(point, log.segment(newest), Directory.ordinal(newest)));
  }

  /// Location of the newest record of an id in this view. The directory mostly knows it; what is
  /// newer than the view does not count.
  private long newestOf(VectorId id) {
    long now = engine.find(id);
    if (now != Directory.NONE) {
      for (Segment segment : log.segments()) {
        if (segment.number() == Directory.segment(now)) {
          boolean isIn = segment.table().sequence(Directory.ordinal(now)) <= log.asOf();
          return isIn ? now : log.newestOf(id);
        }
      }
    }
    return log.newestOf(id);
  }

  /// Lets go of the collection's files.
  @Override
  public void close() {
    log.close();
  }
}
