package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.search.CodeQuery;
import io.sonidb.search.FlatSearch;
import io.sonidb.search.LongHeap;
import io.sonidb.search.Probe;
import io.sonidb.search.Scorer;
import io.sonidb.search.SearchPart;
import io.sonidb.search.VectorSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.roaringbitmap.RoaringBitmap;

/// One search by the index of a view: which vectors are likely to be near the parts tell, how near
/// they are the vectors themselves. For one thread.
///
/// The same parts, the same writes, the same query: the same answer, to the bit, whoever searches
/// beside it.
final class IndexSearch {
  /// Matches of a filter are compared one by one, by their codes, when they are as few as that.
  private static final int FEW = 5_000;

  /// Candidates that are compared before it is told from how far off their codes were which of the
  /// others can be among the best.
  private static final int FIRST = ScatteredRecords.TOGETHER;

  private static final double DEVIATIONS = 4;

  /// Matches that are compared one by one in the time in which the graph leads past one vector that
  /// is kept; measured.
  private static final int COMPARED_PER_MET = 60;

  private static final double MANY_OF_PART = 0.3;

  private final CollectionView view;
  private final Places places;
  private final Probe probe;
  private final CodeQuery query;
  private final Optional<Matching> matching;
  private final int far;

  /// What was found.
  ///
  /// @param found of what the parts cover, the best that are wanted and maybe more
  /// @param candidates how many there were: fewer than wanted only if there are no more, or the
  ///   graph did not lead to them
  /// @param beside what the records of those found have beside their vectors, by their keys
  record Outcome(
      List<FlatSearch.Found> found, int candidates, Map<Long, ScatteredRecords.Beside> beside) {}

  /// @param far how many vectors are kept while a graph is walked, and compared at the end
  IndexSearch(
      CollectionView view, Probe probe, CodeQuery query, Optional<Matching> matching, int far) {
    this.view = view;
    this.places = new Places(view);
    this.probe = probe;
    this.query = query;
    this.matching = matching;
    this.far = far;
  }

  Outcome run(Consumer<Damage> onDamage) {
    List<SearchPart.Candidate> candidates = new ArrayList<>();
    for (SearchPart part : view.parts().parts()) {
      candidates.addAll(candidates(part));
    }
    if (view.parts().parts().size() > 1) {
      candidates.sort(SearchPart.Candidate.BETTER);
    }
    List<SearchPart.Candidate> best = candidates.subList(0, Math.min(far, candidates.size()));
    try (ScatteredRecords records = new ScatteredRecords(view, onDamage)) {
      Comparing comparing = new Comparing(records, best.size());
      comparing.compare(best);
      return new Outcome(comparing.found, best.size(), comparing.beside);
    }
  }

  /// Compares candidates by their vectors, the likeliest first, until by what their codes were off
  /// so far none of the others is among the best that are wanted.
  private final class Comparing implements VectorSource.Scorer {
    private final ScatteredRecords records;
    private final Scorer scorer = Scorer.of(probe.score(), probe.wanted());
    private final LongHeap best = new LongHeap(probe.most()); // scores as numbers of that order
    private final long[] keys = new long[ScatteredRecords.TOGETHER];
    private final double[] estimates = new double[ScatteredRecords.TOGETHER];
    private final List<FlatSearch.Found> found;
    private final Map<Long, ScatteredRecords.Beside> beside = new HashMap<>();
    private int compared;
    private int at; // of the one that is being scored, among those read together
    private double sum; // of what estimates were off
    private double squares;

    Comparing(ScatteredRecords records, int most) {
      this.records = records;
      this.found = new ArrayList<>(most);
    }

    void compare(List<SearchPart.Candidate> candidates) {
      int next = 0;
      while (next < candidates.size()) {
        double least = least();
        int count = 0;
        boolean goesOn = true;
        while (goesOn && next < candidates.size() && count < keys.length) {
          SearchPart.Candidate candidate = candidates.get(next);
          double estimate = SearchPart.estimate(probe.score(), candidate);
          goesOn = next < FIRST || estimate >= least;
          if (goesOn) {
            long key = places.liveKey(candidate.sequence());
            if (key != Places.NONE) {
              keys[count] = key;
              estimates[count++] = estimate;
            }
            next++;
          }
        }
        at = 0;
        records.read(keys, count, this);
        if (!goesOn) {
          return;
        }
      }
    }

    @Override
    public void accept(long key, float[] vector) {
      take(key, scorer.of(vector));
    }

    @Override
    public void accept(long key, double[] vector) {
      take(key, scorer.of(vector));
    }

    private void take(long key, double score) {
      while (keys[at] != key) {
        at++; // it was damaged
      }
      double off = score - estimates[at];
      compared++;
      sum += off;
      squares += off * off;
      long ordered = ordered(score);
      boolean isFull = best.size() == probe.most();
      if (isFull && ordered < best.least()) {
        return;
      }
      found.add(new FlatSearch.Found(key, score));
      records.beside(key).ifPresent(kept -> beside.put(key, kept));
      if (isFull) {
        best.replaceLeast(ordered);
      } else {
        best.add(ordered);
      }
    }

    /// The estimate below which a candidate is not worth comparing.
    private double least() {
      if (best.size() < probe.most()) {
        return Double.NEGATIVE_INFINITY;
      }
      double mean = sum / compared;
      double deviation = Math.sqrt(Math.max(0, squares / compared - mean * mean));
      double least = Double.longBitsToDouble(turned(best.least())) - mean - DEVIATIONS * deviation;
      return Double.isNaN(least) ? Double.NEGATIVE_INFINITY : least;
    }

    /// A number that is greater for a better score; NaN is behind everything.
    private static long ordered(double score) {
      return Double.isNaN(score) ? Long.MIN_VALUE : turned(Double.doubleToRawLongBits(score + 0.0));
    }

    /// Negative floats have the opposite order of their bits.
    private static long turned(long bits) {
      return bits ^ bits >> 63 & Long.MAX_VALUE;
    }
  }

  private List<SearchPart.Candidate> candidates(SearchPart part) {
    if (matching.isEmpty()) {
      return part.nearest(query, far, sequence -> places.indexedKey(sequence) != Places.NONE);
    }
    long matches = matchesIn(part);
    // The fewer vectors match, the more of them the graph leads past: of these it meets about far *
    // size / matches. Comparing all matches costs as much when both come to a certain ratio.
    if (matches <= Math.max(FEW, Math.sqrt((double) COMPARED_PER_MET * far * part.size()))) {
      return amongMatches(part);
    }
    LongPredicate accept =
        sequence -> {
          long key = places.indexedKey(sequence);
          return key != Places.NONE
              && matching.get().accepts(LiveVectors.segmentOf(key), LiveVectors.ordinalOf(key));
        };
    int farther = matches < MANY_OF_PART * part.size() ? 2 * far : far;
    List<SearchPart.Candidate> found = part.nearest(query, farther, accept);
    // Where the graph leads to too few, all are looked through.
    return found.size() < Math.min(far, matches) ? amongMatches(part) : found;
  }

  private long matchesIn(SearchPart part) {
    long[] count = {0};
    places.forEachRange(
        part.from(),
        part.to(),
        (index, from, to) ->
            count[0] += matching.get().vectors().get(index).rangeCardinality(from, to));
    return count[0];
  }

  private List<SearchPart.Candidate> amongMatches(SearchPart part) {
    return part.nearestOf(
        query,
        far,
        sink ->
            places.forEachRange(
                part.from(), part.to(), (index, from, to) -> hand(index, from, to, sink)));
  }

  private void hand(int index, int from, int to, LongConsumer sink) {
    RecordTable table = view.log().segments().get(index).table();
    RoaringBitmap matches = matching.orElseThrow().vectors().get(index);
    long first = table.sequence(from);
    if (table.sequence(to - 1) - first == to - 1 - from) {
      // No number is missing, as mostly: then the table, which is large, need not be read.
      matches.forEachInRange(from, to - from, ordinal -> sink.accept(first + ordinal - from));
    } else {
      matches.forEachInRange(from, to - from, ordinal -> sink.accept(table.sequence(ordinal)));
    }
  }
}
