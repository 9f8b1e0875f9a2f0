package io.sonidb;

import io.sonidb.filter.Condition;
import io.sonidb.filter.Filter;
import io.sonidb.index.Directory;
import io.sonidb.search.AcceptBits;
import io.sonidb.search.CodeQuery;
import io.sonidb.search.Crew;
import io.sonidb.search.FlatSearch;
import io.sonidb.search.Probe;
import io.sonidb.search.Wanted;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;

/// Answers queries about one view: looks up what they name, finds what may be found, has it
/// compared, reads what was found.
final class Searching {
  private static final int MORE = 16;

  private final CollectionView view;
  private final CollectionSpec spec;
  private final List<Planned> all = new ArrayList<>();
  private final Map<Filter, Matching> matchings = new HashMap<>();
  private final Set<Damage> damaged = ConcurrentHashMap.newKeySet();

  /// One query.
  private static final class Planned {
    private final Query query;
    private final Wanted wanted;
    private final Set<VectorId> without;
    private final Optional<Matching> matching;
    private Optional<CodeQuery> codes = Optional.empty();
    private Map<Long, ScatteredRecords.Beside> beside = Map.of();
    private int spare;
    private List<Hit> hits = List.of();
    private boolean isDone;
    private boolean isExact = true;

    Planned(Query query, Wanted wanted, Set<VectorId> without, Optional<Matching> matching) {
      this.query = query;
      this.wanted = wanted;
      this.without = without;
      this.matching = matching;
    }

    int most() {
      return query.offset() + query.k() + without.size() + spare;
    }
  }

  Searching(CollectionView view, List<Query> queries) {
    if (queries.size() > Query.MAX_BATCH) {
      throw new IllegalArgumentException(
          "at most " + Query.MAX_BATCH + " queries at once, were " + queries.size());
    }
    this.view = view;
    this.spec = view.collection().spec();
    for (Query query : queries) {
      Set<VectorId> without = new HashSet<>();
      Wanted wanted = wanted(query.target(), without);
      Optional<Matching> matching =
          query.filter().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  matchings.computeIfAbsent(query.filter(), filter -> view.matching(filter)));
      all.add(new Planned(query, wanted, without, matching));
    }
  }

  List<SearchResult> run() {
    long start = System.nanoTime();
    matchings.values().forEach(matching -> damaged.addAll(matching.damaged()));
    // Of those found some may turn out to be damaged: then more are looked for.
    List<Planned> open = all;
    while (!open.isEmpty()) {
      search(open);
      open = open.stream().filter(planned -> !planned.isDone).toList();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return all.stream().map(planned -> result(planned, seconds)).toList();
  }

  private SearchResult result(Planned planned, double seconds) {
    List<String> unindexed = unindexed(planned.query.filter());
    SearchResult.Filtering filtering =
        new SearchResult.Filtering(
            planned.matching.map(Matching::count).orElseGet(view.collection()::count),
            planned.matching.map(Matching::payloadsRead).orElse(0L),
            unindexed);
    if (!unindexed.isEmpty()) {
      view.collection().wasAsked(planned.query.filter(), filtering.payloadsRead());
    }
    return new SearchResult(
        planned.hits,
        planned.isExact,
        view.sequence(),
        view.parts().generation(),
        filtering,
        List.copyOf(damaged),
        seconds);
  }

  private List<String> unindexed(Filter filter) {
    Set<String> paths = new TreeSet<>();
    filter
        .conditions()
        .forEach(condition -> {
          switch (condition) {
            case Filter inner -> paths.addAll(unindexed(inner));
            case Condition.Nested nested -> paths.add(nested.key().toString());
            case Condition.OfField field -> {
              if (!view.engine().payloads().has(field.key())) {
                paths.add(field.key().toString());
              }
            }
            case Condition.HasId _ -> {}
          }
        });
    return List.copyOf(paths);
  }

  private void search(List<Planned> open) {
    List<Planned> byIndex = new ArrayList<>();
    List<Planned> byScan = new ArrayList<>();
    for (Planned planned : open) {
      (isForIndex(planned) ? byIndex : byScan).add(planned);
    }
    if (!byIndex.isEmpty()) {
      byScan.addAll(searchIndex(byIndex));
    }
    if (!byScan.isEmpty()) {
      scan(byScan);
    }
  }

  private void scan(List<Planned> some) {
    List<Probe> probes = probes(some);
    LiveVectors source = new LiveVectors(view, chosen(some), damaged::add);
    List<List<FlatSearch.Found>> found =
        FlatSearch.search(source, probes, view.cores().scanning(), view.cores().count());
    for (int i = 0; i < some.size(); i++) {
      some.get(i).isExact = true;
      take(some.get(i), found.get(i), source);
    }
  }

  private List<Probe> probes(List<Planned> some) {
    return some.stream().map(planned -> probe(planned, some.size() == 1)).toList();
  }

  private Probe probe(Planned planned, boolean isAlone) {
    return new Probe(
        spec.metric().score(),
        planned.wanted,
        isAlone
            ? AcceptBits.ALL // the source has no others
            : planned.matching.<AcceptBits>map(matching -> matching).orElse(AcceptBits.ALL),
        planned.most(),
        floor(planned.query));
  }

  private void take(Planned planned, List<FlatSearch.Found> found, LiveVectors source) {
    planned.hits = hits(planned, found, source);
    planned.isDone = planned.hits.size() == planned.query.k() || found.size() < planned.most();
    planned.spare = planned.spare * 4 + MORE;
  }

  // By the index -----------------------------------------------------------------------------

  private static final int FAR = 120;
  private static final int FAR_BY_WANTED = 2;
  private static final int MOST_BY_INDEX = 20_000;

  /// How far a graph is searched.
  private static int far(Planned planned) {
    int usual = Math.max(FAR, FAR_BY_WANTED * planned.most());
    return Math.max(planned.most(), planned.query.ef() > 0 ? planned.query.ef() : usual);
  }

  /// Has the query as the index takes it made; false if every vector that may be found is to be
  /// compared, or that is as good.
  private boolean isForIndex(Planned planned) {
    boolean isForIndex =
        !planned.query.exact()
            && view.parts().serve(spec.metric().score())
            && planned.most() <= MOST_BY_INDEX
            && (planned.matching.isEmpty() || planned.matching.get().count() > far(planned));
    if (isForIndex && planned.codes.isEmpty()) {
      planned.codes = CodeQuery.of(probe(planned, true));
    }
    return isForIndex && planned.codes.isPresent();
  }

  /// Searches by the index, and what it does not have by comparing.
  ///
  /// @return those for which it led to fewer than there are
  private List<Planned> searchIndex(List<Planned> some) {
    List<RoaringBitmap> uncovered = uncovered(some);
    LiveVectors rest = new LiveVectors(view, Optional.of(uncovered), damaged::add);
    List<List<FlatSearch.Found>> ofRest =
        uncovered.stream().allMatch(RoaringBitmap::isEmpty)
            ? Collections.nCopies(some.size(), List.of())
            : FlatSearch.search(rest, probes(some), view.cores().scanning(), view.cores().count());
    List<Planned> tooFew = Collections.synchronizedList(new ArrayList<>());
    Crew.run(
        IntStream.range(0, some.size()).boxed().toList(),
        () ->
            i -> {
              if (!searchIndex(some.get(i), ofRest.get(i), rest)) {
                tooFew.add(some.get(i));
              }
            },
        view.cores().scanning(),
        view.cores().count());
    return tooFew;
  }

  private boolean searchIndex(Planned planned, List<FlatSearch.Found> ofRest, LiveVectors rest) {
    Probe probe = probe(planned, true);
    IndexSearch.Outcome outcome;
    try {
      outcome =
          new IndexSearch(view, probe, planned.codes.orElseThrow(), planned.matching, far(planned))
              .run(damaged::add);
    } catch (IndexOutOfBoundsException nonsense) {
      view.engine()
          .note("search index: " + nonsense.getMessage() + ": make it again by a full buildIndex");
      return false;
    }
    long there = planned.matching.map(Matching::count).orElseGet(view.collection()::count);
    if (outcome.candidates() < planned.most() && outcome.candidates() + ofRest.size() < there) {
      return false;
    }
    planned.isExact = false;
    planned.beside = outcome.beside();
    take(planned, FlatSearch.join(ofRest, outcome.found(), probe, rest), rest);
    planned.beside = Map.of(); // not for all queries of a batch at once
    return true;
  }

  /// The vectors that no part has, and any of the queries may find.
  private List<RoaringBitmap> uncovered(List<Planned> some) {
    List<RoaringBitmap> uncovered = Uncovered.of(view);
    chosen(some)
        .ifPresent(chosen -> {
          for (int i = 0; i < uncovered.size(); i++) {
            uncovered.get(i).and(chosen.get(i));
          }
        });
    return uncovered;
  }

  /// The vectors that any of the queries may find; none if that is all of them.
  private Optional<List<RoaringBitmap>> chosen(List<Planned> open) {
    List<RoaringBitmap> union = new ArrayList<>();
    for (Planned planned : open) {
      if (planned.matching.isEmpty()) {
        return Optional.empty();
      }
      List<RoaringBitmap> vectors = planned.matching.get().vectors();
      for (int i = 0; i < vectors.size(); i++) {
        if (union.size() == i) {
          union.add(vectors.get(i));
        } else {
          union.set(i, RoaringBitmap.or(union.get(i), vectors.get(i)));
        }
      }
    }
    return Optional.of(union);
  }

  private boolean higherIsBetter(Query query) {
    return spec.metric().higherIsBetter()
        || query.target() instanceof Query.Recommend recommend
            && recommend.strategy() == Query.Strategy.BEST_SCORE;
  }

  private double floor(Query query) {
    if (query.scoreThreshold().isEmpty()) {
      return Double.NEGATIVE_INFINITY;
    }
    double threshold = query.scoreThreshold().getAsDouble();
    return higherIsBetter(query) ? threshold : -threshold;
  }

  private List<Hit> hits(Planned planned, List<FlatSearch.Found> found, LiveVectors source) {
    Query query = planned.query;
    List<Hit> hits = new ArrayList<>();
    int skipped = 0;
    for (FlatSearch.Found each : found) {
      VectorId id = source.id(each.key());
      if (hits.size() == query.k() || planned.without.contains(id)) {
        continue;
      }
      if (skipped < query.offset()) {
        skipped++;
        continue;
      }
      try {
        hits.add(
            unread(planned, id, each)
                .orElseGet(() -> {
                  Point point =
                      view.pointOfVector(
                              LiveVectors.segmentOf(each.key()), LiveVectors.ordinalOf(each.key()))
                          .orElseThrow();
                  return hit(query, point, each.score());
                }));
      } catch (DamagedRecordException e) {
        damaged.add(e.damage());
      }
    }
    return hits;
  }

  /// A hit without reading its record again, if what was kept of it is all that is wanted.
  private Optional<Hit> unread(Planned planned, VectorId id, FlatSearch.Found found) {
    ScatteredRecords.Beside beside = planned.beside.get(found.key());
    if (beside == null || planned.query.withVector() || beside.payload().isEmpty()) {
      return Optional.empty();
    }
    Segment segment = view.log().segments().get(LiveVectors.segmentOf(found.key()));
    int ordinal = LiveVectors.ordinalOf(found.key());
    if (view.newestOf(id) != Directory.location(segment.number(), ordinal)) {
      return Optional.empty(); // its payload is elsewhere
    }
    return Optional.of(
        new Hit(
            id,
            told(planned.query, found.score()),
            planned.query.payload().of(Payload.stored(beside.payload().get())),
            Optional.empty(),
            segment.table().sequence(ordinal),
            Engine.time(beside.insertedAtMillis()),
            Engine.time(beside.expiresAtMillis())));
  }

  private double told(Query query, double score) {
    return higherIsBetter(query) ? score : 0.0 - score;
  }

  private Hit hit(Query query, Point point, double score) {
    return new Hit(
        point.id(),
        told(query, score),
        query.payload().of(point.payload()),
        query.withVector() ? Optional.of(point.vector()) : Optional.empty(),
        point.sequence(),
        point.insertedAt(),
        point.expiresAt());
  }

  // What is wanted ---------------------------------------------------------------------------

  private Wanted wanted(Query.Target target, Set<VectorId> without) {
    return switch (target) {
      case Query.Nearest(Vector given) -> new Wanted.Like(VectorCheck.accept(given, "query", spec));
      case Query.Like(VectorId id) -> {
        without.add(id);
        yield new Wanted.Like(stored(id));
      }
      case Query.Recommend recommend -> recommended(recommend, without);
    };
  }

  private Wanted recommended(Query.Recommend recommend, Set<VectorId> without) {
    List<Vector> positives = examples(recommend.positives(), without);
    List<Vector> negatives = examples(recommend.negatives(), without);
    return switch (recommend.strategy()) {
      case BEST_SCORE -> new Wanted.Nearest(positives, negatives);
      case AVERAGE_VECTOR ->
          new Wanted.Like(VectorCheck.accept(average(positives, negatives), "query", spec));
    };
  }

  private List<Vector> examples(List<Query.Example> examples, Set<VectorId> without) {
    List<Vector> vectors = new ArrayList<>();
    for (Query.Example example : examples) {
      switch (example) {
        case Query.Example.OfVector(Vector vector) ->
            vectors.add(VectorCheck.accept(vector, "example", spec));
        case Query.Example.OfId(VectorId id) -> {
          vectors.add(stored(id));
          without.add(id);
        }
      }
    }
    return vectors;
  }

  private Vector stored(VectorId id) {
    return view.get(id)
        .orElseThrow(() ->
            new VectorNotFoundException(
                "collection " + view.collection().name() + " has no vector " + id))
        .vector();
  }

  private Vector average(List<Vector> positives, List<Vector> negatives) {
    double[] sum = mean(positives);
    if (!negatives.isEmpty()) {
      double[] away = mean(negatives);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += sum[i] - away[i];
      }
    }
    if (spec.element() == ElementType.FLOAT64) {
      return Vector.sharing(sum);
    }
    float[] narrow = new float[sum.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) sum[i];
    }
    return Vector.sharing(narrow);
  }

  private double[] mean(List<Vector> vectors) {
    double[] mean = new double[spec.dimension()];
    for (Vector vector : vectors) {
      double size = spec.metric() == Metric.COSINE ? length(vector) : 1;
      for (int i = 0; i < mean.length; i++) {
        mean[i] += vector.doubleAt(i) / size / vectors.size();
      }
    }
    return mean;
  }

  private static double length(Vector vector) {
    double square = 0;
    for (int i = 0; i < vector.dimension(); i++) {
      square += vector.doubleAt(i) * vector.doubleAt(i);
    }
    return Math.sqrt(square);
  }
}
