package io.sonidb;

import io.sonidb.filter.Filter;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.List;
import java.util.OptionalDouble;

/// What to search for. Immutable: each setter gives a copy.
///
/// @param target what the hits are to be like
/// @param k how many are wanted, 1 to [#MAX_K]
/// @param offset how many of the best are skipped before, 0 to [#MAX_OFFSET]
/// @param scoreThreshold hits that are less alike are left out
/// @param filter what the hits must fulfil
/// @param exact whether every vector is to be compared, even where there is a search index
/// @param ef how far the search index is searched, 0 for what is usual; more finds more, and takes
///   longer
/// @param payload what of their payloads the hits carry
/// @param withVector whether the hits carry their vectors
public record Query(
    Target target,
    int k,
    int offset,
    OptionalDouble scoreThreshold,
    Filter filter,
    boolean exact,
    int ef,
    PayloadSelection payload,
    boolean withVector) {
  /// Most hits of one search.
  public static final int MAX_K = 10_000;

  /// Most hits that are skipped.
  public static final int MAX_OFFSET = 100_000;

  /// The farthest that a graph is searched.
  public static final int MAX_EF = 100_000;

  /// Most queries that are answered at once.
  public static final int MAX_BATCH = 1_000;

  /// Most examples of one query.
  public static final int MAX_EXAMPLES = 1_000;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public Query {
    check("k", k, 1, MAX_K);
    check("offset", offset, 0, MAX_OFFSET);
    check("ef", ef, 0, MAX_EF);
    if (scoreThreshold.isPresent() && Double.isNaN(scoreThreshold.getAsDouble())) {
      throw new IllegalArgumentException("the score threshold must be a number, was NaN");
    }
  }

  static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " must be " + least + " to " + most + ", was " + value);
    }
  }

  /// What hits are to be like.
  public sealed interface Target {}

  /// Nearest to a vector.
  ///
  /// @param vector of the collection's dimension
  public record Nearest(Vector vector) implements Target {}

  /// Nearest to a stored vector, which is not among the hits.
  ///
  /// @param id of the stored vector
  public record Like(VectorId id) implements Target {}

  /// Like the positive examples and unlike the negative ones. Stored ones are not among the hits.
  ///
  /// @param positives what hits are like
  /// @param negatives what hits are not like
  /// @param strategy how examples become one score
  public record Recommend(List<Example> positives, List<Example> negatives, Strategy strategy)
      implements Target {
    /// Checks that there are examples.
    ///
    /// @throws IllegalArgumentException if there are none that the strategy can use, or too many
    public Recommend {
      positives = List.copyOf(positives);
      negatives = List.copyOf(negatives);
      if (positives.isEmpty() && (strategy == Strategy.AVERAGE_VECTOR || negatives.isEmpty())) {
        throw new IllegalArgumentException("a positive example is needed");
      }
      check("examples", positives.size() + negatives.size(), 1, MAX_EXAMPLES);
    }
  }

  /// How several examples become one score.
  public enum Strategy {
    /// Nearest to the average of the positives, moved away from that of the negatives by the
    /// difference of the two. With cosine each example counts by its direction alone.
    AVERAGE_VECTOR,
    /// By the example that is most like the vector: 0 to 1 if it is a positive one, -1 to 0 if not.
    /// Higher is better, whatever the metric.
    BEST_SCORE
  }

  /// An example: a vector, or the id of a stored one.
  public sealed interface Example {
    /// A vector.
    ///
    /// @param vector of the collection's dimension
    record OfVector(Vector vector) implements Example {}

    /// A stored vector.
    ///
    /// @param id of it
    record OfId(VectorId id) implements Example {}
  }

  private static Query of(Target target, int k) {
    return new Query(
        target, k, 0, OptionalDouble.empty(), Filter.ALL, false, 0, PayloadSelection.ALL, false);
  }

  /// The vectors most like `vector`.
  public static Query nearest(Vector vector, int k) {
    return of(new Nearest(vector), k);
  }

  /// The vectors most like `vector`; the array is copied.
  public static Query nearest(float[] vector, int k) {
    return nearest(Vector.of(vector), k);
  }

  /// The vectors most like the one stored under `id`, without itself.
  public static Query nearest(VectorId id, int k) {
    return of(new Like(id), k);
  }

  /// The vectors most like some stored ones and unlike others, without all of these.
  public static Query recommend(List<VectorId> positives, List<VectorId> negatives, int k) {
    return recommend(
        positives.stream().<Example>map(Example.OfId::new).toList(),
        negatives.stream().<Example>map(Example.OfId::new).toList(),
        Strategy.AVERAGE_VECTOR,
        k);
  }

  /// The vectors most like some examples and unlike others.
  public static Query recommend(
      List<Example> positives, List<Example> negatives, Strategy strategy, int k) {
    return of(new Recommend(positives, negatives, strategy), k);
  }

  /// With another number of hits.
  public Query k(int most) {
    return new Query(target, most, offset, scoreThreshold, filter, exact, ef, payload, withVector);
  }

  /// Without so many of the best.
  public Query offset(int skipped) {
    return new Query(target, k, skipped, scoreThreshold, filter, exact, ef, payload, withVector);
  }

  /// Without hits that are less alike: of a lower score or, by a distance, of a higher one.
  public Query scoreThreshold(double threshold) {
    return new Query(
        target, k, offset, OptionalDouble.of(threshold), filter, exact, ef, payload, withVector);
  }

  /// Only among points that fulfil a filter.
  public Query filter(Filter wanted) {
    return new Query(target, k, offset, scoreThreshold, wanted, exact, ef, payload, withVector);
  }

  /// By comparing every vector, or by the search index where there is one.
  public Query exact(boolean every) {
    return new Query(target, k, offset, scoreThreshold, filter, every, ef, payload, withVector);
  }

  /// With the search index searched so far: so many of what it leads to are compared at the end; 0
  /// for what is usual, 120 or twice what is wanted.
  public Query ef(int far) {
    return new Query(target, k, offset, scoreThreshold, filter, exact, far, payload, withVector);
  }

  /// With other parts of the payloads.
  public Query payload(PayloadSelection wanted) {
    return new Query(target, k, offset, scoreThreshold, filter, exact, ef, wanted, withVector);
  }

  /// With the vectors, or without.
  public Query withVector(boolean wanted) {
    return new Query(target, k, offset, scoreThreshold, filter, exact, ef, payload, wanted);
  }
}
