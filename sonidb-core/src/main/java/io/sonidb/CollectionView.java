package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.Filter;
import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// A collection as it was at one moment: whatever is written, deleted, expired or compacted
/// meanwhile, it stays the same until it is closed.
///
/// It holds no copy: what it needs is kept on disk as long as it is open. Safe for use by any
/// number of threads.
public final class CollectionView implements AutoCloseable {
  /// Most values of a facet, points of a sample and of a page.
  public static final int MAX_VALUES = 10_000;

  /// Most points of a projection.
  public static final int MAX_PROJECTED = 50_000;

  private final Collection collection;
  private final Engine engine;
  private final PinnedParts parts;
  private final LogView log;
  private final long nowMillis;
  private final SoniDb.Cores cores;
  private volatile Optional<PresentRecords> present = Optional.empty();

  CollectionView(Collection collection, Engine engine, SoniDb.Cores cores) {
    this.collection = collection;
    this.engine = engine;
    this.cores = cores;
    this.parts = engine.search().pin(); // first: the view has whatever they leave out as dead
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

  /// The search index.
  PinnedParts parts() {
    return parts;
  }

  SoniDb.Cores cores() {
    return cores;
  }

  /// The moment for which it is told what has expired.
  long nowMillis() {
    return nowMillis;
  }

  /// Its points by their records, found when they are first asked for.
  PresentRecords present() {
    Optional<PresentRecords> known = present;
    if (known.isPresent()) {
      return known.get();
    }
    PresentRecords found = engine.payloads().present(this);
    present = Optional.of(found);
    return found;
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
    return new IdOrderCursor(this, Optional.empty(), Optional.empty(), () -> {});
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

  /// Number of points that fulfil a filter.
  public long count(Filter filter) {
    return filter.isEmpty() ? count() : matching(filter).count();
  }

  Matching matching(Filter filter) {
    return Matching.of(this, filter);
  }

  /// Finds the vectors most like a query, by comparing with all that fulfil its filter. Damaged
  /// ones are left out, and named in the result.
  ///
  /// @throws VectorNotFoundException if the query names an id that is not there
  public SearchResult search(Query query) {
    return search(List.of(query)).getFirst();
  }

  /// Answers several queries in one pass over the vectors, each as if it were alone.
  ///
  /// @throws VectorNotFoundException if a query names an id that is not there
  public List<SearchResult> search(List<Query> queries) {
    return queries.isEmpty() ? List.of() : new Searching(this, queries).run();
  }

  /// Finds the groups of points, by the value of a field, that have the vectors most like a query.
  ///
  /// @throws VectorNotFoundException if the query names an id that is not there
  public GroupResult searchGroups(Query query, Grouping grouping) {
    return new GroupSearch(this, query, grouping).run();
  }

  /// The values that a field has in the points that fulfil a filter, with the number of those
  /// points; most points first.
  ///
  /// @param limit how many values, 1 to [#MAX_VALUES]
  public List<ValueCount> facet(String field, Filter filter, int limit) {
    return new Facet(this, FieldPath.parse(field)).count(filter, limit);
  }

  /// Points at random, each with the same chance, in an order at random. The same points, the same
  /// seed: the same sample, wherever they are kept.
  ///
  /// @param limit how many, 1 to [#MAX_VALUES]
  public List<Point> sample(int limit, long seed, Filter filter) {
    return new Sampling(this, seed).choose(limit, filter);
  }

  /// Points in the plane in which they differ most: a picture of the collection, made by principal
  /// component analysis. Of a collection that has more than `limit` points, a sample; it is the
  /// same for the same points.
  ///
  /// @param limit points at most, 1 to [#MAX_PROJECTED]
  /// @param about what of a payload is told beside; nothing is read of payloads if it is empty
  /// @param progress counts vectors
  public Projection project(
      int limit, Filter filter, Optional<Projection.About> about, Progress progress) {
    return new Projecting(this, progress).project(limit, filter, about);
  }

  /// A page of the points that fulfil a filter, by ascending id or in the order of a field.
  public ScrollPage scroll(Scroll scroll) {
    return new Scrolling(this, scroll).run();
  }

  /// The points that fulfil a filter in ascending order of their ids. Open as long as the view is.
  public PointCursor scroll(Filter filter) {
    return filter.isEmpty()
        ? scroll()
        : new IdOrderCursor(this, Optional.of(matching(filter)), Optional.empty(), () -> {});
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

  /// Whether of a segment no record is missing, dead or past its time: asked without looking at
  /// each.
  ///
  /// @param index of the segment in the view
  boolean hasAllOf(int index) {
    Segment segment = log.segments().get(index);
    int count = log.count(index);
    return segment.table().sequence(count - 1) - segment.firstSequence() == count - 1
        && segment.liveness().deadCount() == 0
        && !engine.expiry().mayHaveExpired(segment, nowMillis);
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
  long newestOf(VectorId id) {
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
    parts.close();
  }
}
