package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("compiled")
class ProjectionTest {
  private static final int DIMENSION = 40;
  private static final int COUNT = 3000;

  @TempDir private Path folder;
  private SoniDb db;

  @BeforeEach
  void open() {
    db = SoniDb.open(folder);
  }

  @AfterEach
  void close() {
    db.close();
  }

  private Collection collection(CollectionSpec spec) {
    return db.create("points", spec.durability(Durability.OS));
  }

  private static Projection project(Collection collection) {
    return collection.project(10_000, Filter.ALL, Optional.empty(), Progress.NONE);
  }

  @Test
  void refusesMorePointsThanThereMayBe() {
    Collection points = collection(CollectionSpec.dimension(2));
    for (int limit : new int[] {0, -1, CollectionView.MAX_PROJECTED + 1}) {
      assertThatThrownBy(() -> points.project(limit, Filter.ALL, Optional.empty(), Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("limit");
    }
  }

  @Test
  void ofNothingIsEmpty() {
    Projection projection = project(collection(CollectionSpec.dimension(3)));
    assertThat(projection.points()).isEmpty();
    assertThat(projection.explainedX()).isZero();
  }

  @Test
  void ofPointsThatAreAllTheSameIsOnePlace() {
    Collection points = collection(CollectionSpec.dimension(1).metric(Metric.EUCLID));
    for (int i = 0; i < 5; i++) {
      points.upsert(String.valueOf(i), new float[] {7});
    }
    assertThat(project(points).points())
        .hasSize(5)
        .allSatisfy(place -> {
          assertThat(place.x()).isZero();
          assertThat(place.y()).isZero();
        });
  }

  @Test
  void leavesOutWhatIsNotFinite() {
    Collection points =
        collection(CollectionSpec.dimension(2).metric(Metric.EUCLID).element(ElementType.FLOAT64));
    points.upsert("a", new double[] {1, 2});
    points.upsert("b", new double[] {3, 4});
    points.upsert("nan", new double[] {Double.NaN, 4});
    points.upsert("infinite", new double[] {Double.POSITIVE_INFINITY, 4});
    points.upsert("huge", new double[] {1e200, 4});
    Projection projection = project(points);
    assertThat(projection.points()).hasSize(2);
    assertThat(projection.leftOut()).isEqualTo(3);
    assertThat(projection.total()).isEqualTo(5);
    assertThat(Math.abs(projection.points().get(0).x()))
        .isCloseTo((float) Math.sqrt(2), within(1e-5f));
  }

  @Test
  void endsWhenNobodyWaitsForIt() {
    Collection points = collection(CollectionSpec.dimension(2).metric(Metric.EUCLID));
    points.upsert("a", new float[] {1, 2});
    assertThatThrownBy(() ->
            points.project(
                10,
                Filter.ALL,
                Optional.empty(),
                (done, total, unit) -> {
                  throw new CancellationException("gone");
                }))
        .isInstanceOf(CancellationException.class);
  }

  /// Points that lie in a plane of their own in a space of many dimensions, but for some noise.
  @Test
  void findsThePlaneInWhichPointsLie() {
    long seed = Seeds.seed(11);
    Random random = Seeds.random(seed);
    double[][] axes = axes(random);
    Map<VectorId, double[]> planted = new HashMap<>();
    List<Point> batch = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      double[] at = {5 * random.nextGaussian(), 2 * random.nextGaussian()};
      float[] vector = new float[DIMENSION];
      for (int k = 0; k < DIMENSION; k++) {
        vector[k] =
            (float) (3 + at[0] * axes[0][k] + at[1] * axes[1][k] + 0.02 * random.nextGaussian());
      }
      VectorId id = VectorId.of(i);
      planted.put(id, at);
      batch.add(Point.of(id, Vector.of(vector), Payload.ofMap(Map.of("n", i))));
    }
    Collection points = collection(CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID));
    points.upsert(batch);
    Projection projection =
        points.project(
            10_000,
            Filter.ALL,
            Optional.of(payload -> String.valueOf(payload.toMap().get("n"))),
            Progress.NONE);
    assertThat(projection.points()).as(Seeds.again(seed)).hasSize(COUNT);
    assertThat(projection.explainedX()).isCloseTo(25.0 / 29, within(0.03));
    assertThat(projection.explainedX() + projection.explainedY()).isCloseTo(1, within(0.01));
    double[] x = projection.points().stream().mapToDouble(Projection.Place::x).toArray();
    double[] y = projection.points().stream().mapToDouble(Projection.Place::y).toArray();
    assertThat(Math.abs(correlation(x, along(0, projection, planted)))).isGreaterThan(0.999);
    assertThat(Math.abs(correlation(y, along(1, projection, planted)))).isGreaterThan(0.999);
    assertThat(projection.points())
        .allSatisfy(place -> assertThat(place.about()).isEqualTo(place.id().toString()));
    assertThat(project(points).points())
        .extracting(Projection.Place::x)
        .containsExactlyElementsOf(projection.points().stream().map(Projection.Place::x).toList());
  }

  @Test
  void looksAtDirectionsAloneWhereSearchesDo() {
    Collection points = collection(CollectionSpec.dimension(2).metric(Metric.COSINE));
    points.upsert("a", new float[] {1, 0});
    points.upsert("far a", new float[] {1000, 0});
    points.upsert("b", new float[] {0, 1});
    Map<String, Float> x = new HashMap<>();
    project(points).points().forEach(place -> x.put(place.id().toString(), place.x()));
    assertThat(x.get("far a")).isCloseTo(x.get("a"), within(1e-5f));
    assertThat(x.get("b")).isNotCloseTo(x.get("a"), within(0.5f));
  }

  @Test
  void takesASampleOfManyAndWhatAFilterLetsThrough() {
    Collection points = collection(CollectionSpec.dimension(2).metric(Metric.EUCLID));
    List<Point> batch = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      batch.add(
          Point.of(
              VectorId.of(i),
              Vector.of(new float[] {i, i % 7}),
              Payload.ofMap(Map.of("even", i % 2 == 0))));
    }
    points.upsert(batch);
    Projection some =
        points.project(
            30,
            Filter.parse("{\"must\":[{\"key\":\"even\",\"match\":{\"value\":true}}]}"),
            Optional.empty(),
            Progress.NONE);
    assertThat(some.points()).hasSize(30);
    assertThat(some.total()).isEqualTo(100);
    assertThat(some.points())
        .allSatisfy(place -> assertThat(Integer.parseInt(place.id().toString()) % 2).isZero());
  }

  private static double[][] axes(Random random) {
    double[][] axes = new double[2][DIMENSION];
    for (int k = 0; k < DIMENSION; k++) {
      axes[0][k] = random.nextGaussian();
      axes[1][k] = random.nextGaussian();
    }
    scale(axes[0]);
    double shared = dot(axes[0], axes[1]);
    for (int k = 0; k < DIMENSION; k++) {
      axes[1][k] -= shared * axes[0][k];
    }
    scale(axes[1]);
    return axes;
  }

  private static void scale(double[] axis) {
    double length = Math.sqrt(dot(axis, axis));
    for (int k = 0; k < axis.length; k++) {
      axis[k] /= length;
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  private static double[] along(int axis, Projection projection, Map<VectorId, double[]> planted) {
    return projection.points().stream()
        .mapToDouble(place -> planted.getOrDefault(place.id(), new double[2])[axis])
        .toArray();
  }

  private static double correlation(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }
}
