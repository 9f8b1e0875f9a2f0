package io.sonidb.search;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.util.List;

/// Scores vectors for one probe; a better match always has the higher score. Any number of threads.
public abstract sealed class Scorer {
  /// The score of a vector; the array is not kept.
  public abstract double of(float[] vector);

  /// The score of a vector; the array is not kept.
  public abstract double of(double[] vector);

  /// One for what is wanted.
  public static Scorer of(Score score, Wanted wanted) {
    return switch (wanted) {
      case Wanted.Like(Vector vector) -> new One(score, vector);
      case Wanted.Nearest(List<Vector> positives, List<Vector> negatives) ->
          new Several(
              positives.stream().map(vector -> new One(score, vector)).toList(),
              negatives.stream().map(vector -> new One(score, vector)).toList());
    };
  }

  private static final class One extends Scorer {
    private final Score score;
    private final float[] floats;
    private final float square;
    private final double[] doubles;

    One(Score score, Vector query) {
      this.score = score;
      boolean narrow = query.elementType() == ElementType.FLOAT32;
      this.floats = narrow ? query.floats() : new float[0];
      this.square = Score.square(floats);
      this.doubles = narrow ? new double[0] : query.doubles();
    }

    @Override
    public double of(float[] vector) {
      return score.of(floats, square, vector);
    }

    @Override
    public double of(double[] vector) {
      return score.of(doubles, vector);
    }
  }

  private static final class Several extends Scorer {
    private final List<One> positives;
    private final List<One> negatives;

    Several(List<One> positives, List<One> negatives) {
      this.positives = positives;
      this.negatives = negatives;
    }

    @Override
    public double of(float[] vector) {
      double wanted = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < positives.size(); i++) {
        wanted = Math.max(wanted, positives.get(i).of(vector));
      }
      double unwanted = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < negatives.size(); i++) {
        unwanted = Math.max(unwanted, negatives.get(i).of(vector));
      }
      return joined(wanted, unwanted);
    }

    @Override
    public double of(double[] vector) {
      double wanted = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < positives.size(); i++) {
        wanted = Math.max(wanted, positives.get(i).of(vector));
      }
      double unwanted = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < negatives.size(); i++) {
        unwanted = Math.max(unwanted, negatives.get(i).of(vector));
      }
      return joined(wanted, unwanted);
    }

    private static double joined(double wanted, double unwanted) {
      return wanted > unwanted ? squeezed(wanted) : -squeezed(unwanted);
    }

    /// Keeps the order, and stays between 0 and 1.
    private static double squeezed(double score) {
      return 0.5 * (score / (1 + Math.abs(score)) + 1);
    }
  }
}
