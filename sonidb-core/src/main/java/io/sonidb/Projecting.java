package io.sonidb;

import io.sonidb.filter.Filter;
import io.sonidb.index.Directory;
import io.sonidb.search.VectorSource;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/// Projects points on the plane in which they differ most.
///
/// # The idea
///
/// The two directions are found by orthogonal iteration (Golub and Van Loan, Matrix Computations,
/// 8.2.4) on a part of the sample, and no covariance matrix is made: each round is one pass over
/// the rows, `z += (row . q) row`. Then every vector of the sample is decoded, projected and
/// forgotten.
///
/// # The bound
///
/// At most [#FIT_COMPONENTS] doubles are kept, 32 MiB, whatever the dimension, and beside them two
/// floats, an id and what is told of a payload for each point. A round takes about 30 million
/// multiplications, and there are [#MOST_ROUNDS] at most. A vector of more length than 1e30 is left
/// out, so no sum overflows.
///
/// A collection that is searched by cosine is projected by directions: each vector is scaled to
/// length 1 first.
final class Projecting {
  private static final int FIT_COMPONENTS = 1 << 22;
  private static final int MOST_FIT = 8192;
  private static final int DIRECTIONS = 4; // two more than are needed, for the sake of speed
  private static final int MOST_ROUNDS = 40;
  private static final double SETTLED = 1e-4;
  private static final double MOST_SQUARE = 1e60;
  private static final double NOTHING = 1e-12; // of a direction's length: what rounding leaves
  private static final int STEP = 256;
  private static final long SEED = 42;

  private final CollectionView view;
  private final Progress progress;
  private final int dimension;
  private final boolean byDirection;
  private final LiveVectors all;

  Projecting(CollectionView view, Progress progress) {
    this.view = view;
    this.progress = progress;
    this.dimension = view.engine().log().header().dimension();
    this.byDirection = view.collection().spec().metric() == Metric.COSINE;
    this.all = new LiveVectors(view, _ -> {});
  }

  Projection project(int limit, Filter filter, Optional<Projection.About> about) {
    Query.check("limit", limit, 1, CollectionView.MAX_PROJECTED);
    long total = view.count(filter);
    long[] keys = new Sampling(view, SEED).keys(limit, filter);
    int most = Math.clamp(FIT_COMPONENTS / dimension, 1, MOST_FIT);
    long[] fitted = Arrays.copyOf(keys, Math.min(keys.length, most));
    long steps = (long) fitted.length + keys.length;
    Plane plane = fit(fitted, steps);
    List<Projection.Place> points = new ArrayList<>(keys.length);
    double[] row = new double[dimension];
    read(
        keys,
        fitted.length,
        steps,
        (key, vector) -> {
          if (vector.into(row)) {
            VectorId id = all.id(key);
            points.add(
                new Projection.Place(
                    id,
                    (float) plane.along(0, row),
                    (float) plane.along(1, row),
                    about.map(each -> each.of(payload(id))).orElse("")));
          }
        });
    return new Projection(
        points, plane.share(0), plane.share(1), total, (long) keys.length - points.size());
  }

  /// The payload of a point; none when it is damaged.
  private Payload payload(VectorId id) {
    long newest = view.newestOf(id);
    if (newest == Directory.NONE) {
      return Payload.EMPTY;
    }
    try {
      return view.engine().payloadAt(view.log().segment(newest), Directory.ordinal(newest));
    } catch (DamagedRecordException e) {
      return Payload.EMPTY;
    }
  }

  // Reading ------------------------------------------------------------------------------------

  /// A vector that was just decoded.
  @FunctionalInterface
  private interface Row {
    /// Copies it.
    ///
    /// @return false if it is none to project
    boolean into(double[] row);
  }

  @FunctionalInterface
  private interface Rows {
    void accept(long key, Row row);
  }

  private void read(long[] keys, long before, long steps, Rows rows) {
    VectorSource chosen = new ChosenVectors(view, all, keys, _ -> {});
    VectorSource.Scorer scorer =
        new VectorSource.Scorer() {
          private long done = before;

          @Override
          public void accept(long key, float[] vector) {
            step();
            rows.accept(key, row -> isFit(copied(vector, row)));
          }

          @Override
          public void accept(long key, double[] vector) {
            step();
            rows.accept(
                key,
                row -> {
                  System.arraycopy(vector, 0, row, 0, dimension);
                  return isFit(row);
                });
          }

          private void step() {
            if (done++ % STEP == 0) {
              progress.update(done, steps, "vectors");
            }
          }
        };
    chosen.pieces().forEach(piece -> piece.scan(scorer));
  }

  private static double[] copied(float[] vector, double[] row) {
    for (int i = 0; i < row.length; i++) {
      row[i] = vector[i];
    }
    return row;
  }

  /// Scales a row if need be, and tells whether it can be projected.
  private boolean isFit(double[] row) {
    double square = dot(row, row);
    if (!(square <= MOST_SQUARE)) { // a NaN, too
      return false;
    }
    if (byDirection && square > 0) {
      double scale = 1 / Math.sqrt(square);
      for (int i = 0; i < row.length; i++) {
        row[i] *= scale;
      }
    }
    return true;
  }

  // Fitting ------------------------------------------------------------------------------------

  /// A mean and directions from it, those of most variance first.
  private static final class Plane {
    private final double[] mean;
    private final double[][] directions;
    private final double[] variances;
    private final double total;

    Plane(double[] mean, double[][] directions, double[] variances, double total) {
      this.mean = mean;
      this.directions = directions;
      this.variances = variances;
      this.total = total;
    }

    double along(int axis, double[] row) {
      if (axis >= directions.length) {
        return 0;
      }
      double sum = 0;
      double[] direction = directions[axis];
      for (int i = 0; i < row.length; i++) {
        sum += direction[i] * (row[i] - mean[i]);
      }
      return sum;
    }

    double share(int axis) {
      return axis < variances.length && total > 0 ? Math.clamp(variances[axis] / total, 0, 1) : 0;
    }
  }

  private Plane fit(long[] keys, long steps) {
    List<double[]> rows = new ArrayList<>(keys.length);
    double[] mean = new double[dimension];
    read(
        keys,
        0,
        steps,
        (_, vector) -> {
          double[] row = new double[dimension];
          if (vector.into(row)) {
            rows.add(row);
            add(1, row, mean);
          }
        });
    int count = Math.max(1, rows.size());
    for (int i = 0; i < dimension; i++) {
      mean[i] /= count;
    }
    double total = 0;
    for (double[] row : rows) {
      add(-1, mean, row);
      total += dot(row, row) / count;
    }
    double[][] directions = new double[Math.min(DIRECTIONS, dimension)][dimension];
    SplittableRandom random = new SplittableRandom(SEED);
    for (double[] direction : directions) {
      for (int i = 0; i < dimension; i++) {
        direction[i] = random.nextGaussian();
      }
    }
    orthonormalise(directions);
    double[] variances = new double[directions.length];
    for (int round = 0; round < MOST_ROUNDS; round++) {
      progress.update(keys.length, steps, "vectors");
      double[] before = variances;
      double[][] next = new double[directions.length][dimension];
      variances = pass(rows, directions, next, count);
      orthonormalise(next);
      directions = next;
      if (isSettled(before, variances)) {
        break;
      }
    }
    for (double[] direction : directions) {
      turn(direction);
    }
    return new Plane(mean, directions, variances, total);
  }

  /// One round; returns the variance along each direction.
  private static double[] pass(
      List<double[]> rows, double[][] directions, double[][] into, int count) {
    double[] variances = new double[directions.length];
    for (double[] row : rows) {
      for (int j = 0; j < directions.length; j++) {
        double along = dot(row, directions[j]);
        variances[j] += along * along / count;
        add(along, row, into[j]);
      }
    }
    return variances;
  }

  private static boolean isSettled(double[] before, double[] now) {
    for (int j = 0; j < Math.min(2, now.length); j++) {
      if (Math.abs(now[j] - before[j]) > SETTLED * Math.max(now[j], now[0] * SETTLED)) {
        return false;
      }
    }
    return true;
  }

  /// Gram and Schmidt's way, twice, because once is not enough. What there is no variance along
  /// becomes zero.
  private static void orthonormalise(double[][] directions) {
    for (int j = 0; j < directions.length; j++) {
      double[] direction = directions[j];
      double length = Math.sqrt(dot(direction, direction));
      for (int again = 0; again < 2; again++) {
        for (int k = 0; k < j; k++) {
          add(-dot(direction, directions[k]), directions[k], direction);
        }
      }
      double left = Math.sqrt(dot(direction, direction));
      double scale = left > NOTHING * length && left > 0 ? 1 / left : 0;
      for (int i = 0; i < direction.length; i++) {
        direction[i] *= scale;
      }
    }
  }

  /// So that the same points give the same picture: the largest component is positive.
  private static void turn(double[] direction) {
    double largest = 0;
    for (double component : direction) {
      largest = Math.abs(component) > Math.abs(largest) ? component : largest;
    }
    if (largest < 0) {
      for (int i = 0; i < direction.length; i++) {
        direction[i] = -direction[i];
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double factor, double[] from, double[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * from[i];
    }
  }
}
