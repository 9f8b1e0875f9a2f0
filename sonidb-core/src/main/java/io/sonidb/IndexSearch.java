package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.search.AcceptBits;
import io.sonidb.search.CodeQuery;
import io.sonidb.search.FlatSearch;
import io.sonidb.search.Probe;
import io.sonidb.search.SearchPart;
import java.util.ArrayList;
import java.util.Arrays;
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

  private static final int FIRST = 2 * ChosenVectors.TOGETHER;
  private static final int FIRST_BY_WANTED = 2;
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
  private final Map<Long, ChosenVectors.Beside> beside = new HashMap<>();

  /// What was found.
  ///
  /// @param found of what the parts cover, the best that are wanted and maybe more
  /// @param candidates how many there were: fewer than wanted only if there are no more, or the
  ///   graph did not lead to them
  /// @param beside what the records of those found have beside their vectors, by their keys
  record Outcome(
      List<FlatSearch.Found> found, int candidates, Map<Long, ChosenVectors.Beside> beside) {}

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

  Outcome run(LiveVectors all, Consumer<Damage> onDamage) {
    List<SearchPart.Candidate> candidates = new ArrayList<>();
    for (SearchPart part : view.parts().parts()) {
      candidates.addAll(candidates(part));
    }
    candidates.sort(SearchPart.Candidate.BETTER);
    List<SearchPart.Candidate> best = candidates.subList(0, Math.min(far, candidates.size()));
    int first = Math.min(best.size(), Math.max(FIRST, FIRST_BY_WANTED * probe.most()));
    Map<Long, Double> estimates = new HashMap<>();
    List<FlatSearch.Found> found =
        new ArrayList<>(compared(best.subList(0, first), estimates, all, onDamage));
    List<SearchPart.Candidate> rest = best.subList(first, best.size());
    double least = least(found, estimates);
    int worthwhile = 0;
    while (worthwhile < rest.size()
        && SearchPart.estimate(probe.score(), rest.get(worthwhile)) >= least) {
      worthwhile++;
    }
    found.addAll(compared(rest.subList(0, worthwhile), estimates, all, onDamage));
    return new Outcome(found, best.size(), beside);
  }

  /// Compares candidates by their vectors.
  ///
  /// @param estimates what their codes say, by their keys; added to
  private List<FlatSearch.Found> compared(
      List<SearchPart.Candidate> some,
      Map<Long, Double> estimates,
      LiveVectors all,
      Consumer<Damage> onDamage) {
    if (some.isEmpty()) {
      return List.of();
    }
    long[] keys = new long[some.size()];
    int count = 0;
    for (SearchPart.Candidate each : some) {
      long key = places.liveKey(each.sequence());
      if (key != Places.NONE) {
        keys[count++] = key;
        estimates.put(key, SearchPart.estimate(probe.score(), each));
      }
    }
    keys = Arrays.copyOf(keys, count);
    Probe every =
        new Probe(
            probe.score(), probe.wanted(), AcceptBits.ALL, keys.length, Double.NEGATIVE_INFINITY);
    ChosenVectors chosen = new ChosenVectors(view, all, keys, onDamage);
    List<FlatSearch.Found> found =
        FlatSearch.search(chosen, List.of(every), Runnable::run, 1).getFirst();
    beside.putAll(chosen.read());
    return found;
  }

  /// The estimate below which a candidate is not worth comparing: by what estimates were off so
  /// far, it is not among the best that are wanted.
  private double least(List<FlatSearch.Found> found, Map<Long, Double> estimates) {
    if (found.size() < probe.most()) {
      return Double.NEGATIVE_INFINITY;
    }
    double sum = 0;
    double squares = 0;
    for (FlatSearch.Found each : found) {
      double off = each.score() - estimates.getOrDefault(each.key(), each.score());
      sum += off;
      squares += off * off;
    }
    double mean = sum / found.size();
    double deviation = Math.sqrt(Math.max(0, squares / found.size() - mean * mean));
    double worst = found.get(probe.most() - 1).score();
    double least = worst - mean - DEVIATIONS * deviation;
    return Double.isNaN(least) ? Double.NEGATIVE_INFINITY : least;
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
