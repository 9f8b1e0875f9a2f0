package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.CollectionSpec;
import io.sonidb.Hit;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.filter.Filter;
import io.sonidb.server.Node;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What goes over the wire comes back with the same bits, in each format, and read in the other.
class ExactnessTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final int DIMENSION = 64;
  private static final int COUNT = 100;

  @TempDir Path folder;

  private Node node;
  private SoniDbClient json;
  private SoniDbClient cbor;

  @BeforeEach
  void start() throws Exception {
    node = TestNodes.start(folder.resolve("data"));
    ClientOptions options = ClientOptions.of(node.uri());
    json = SoniDbClient.of(options.format(WireFormat.JSON));
    cbor = SoniDbClient.of(options.format(WireFormat.CBOR));
  }

  @AfterEach
  void stop() {
    json.close();
    cbor.close();
    node.close();
  }

  private SoniDbClient client(WireFormat format) {
    return format == WireFormat.JSON ? json : cbor;
  }

  @Test
  void refusesWhatTheCollectionDoesNotHoldExactly() {
    RemoteCollection floats = cbor.create("f", spec(ElementType.FLOAT32, 2));
    assertThatThrownBy(() -> floats.upsert(List.of(Point.of("7", new double[] {1, 0.1}))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vector 7: component 1 is 0.1, which is no float32");
    floats.upsert(List.of(Point.of("7", new double[] {1, 0.5})));
    assertThat(floats.get(VectorId.of(7)).orElseThrow().vector()).isEqualTo(Vector.of(1f, 0.5f));
    assertThat(floats.count()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void keepsEveryBitOfAFloat32(WireFormat format) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      float[] vector = new float[DIMENSION];
      for (int j = 0; j < DIMENSION; j++) {
        vector[j] = finite(Float.intBitsToFloat(random.nextInt()));
      }
      points.add(Point.of(VectorId.of(i), Vector.of(vector)));
    }
    points.add(
        Point.of(
            "edges",
            edges(
                -0.0f,
                0.0f,
                Float.MIN_VALUE,
                -Float.MIN_VALUE,
                Float.MIN_NORMAL,
                Float.MAX_VALUE,
                -Float.MAX_VALUE,
                0.1f,
                1 / 3f,
                16_777_215f,
                8.41e-38f)));
    checkRoundTrip(format, ElementType.FLOAT32, points);
  }

  @ParameterizedTest
  @EnumSource
  void keepsEveryBitOfAFloat64(WireFormat format) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      double[] vector = new double[DIMENSION];
      for (int j = 0; j < DIMENSION; j++) {
        double any = Double.longBitsToDouble(random.nextLong());
        vector[j] = Double.isFinite(any) ? any : -0.0;
      }
      points.add(Point.of(VectorId.of(i), Vector.of(vector)));
    }
    double[] edges = new double[DIMENSION];
    edges[0] = -0.0;
    edges[1] = Double.MIN_VALUE;
    edges[2] = Double.MAX_VALUE;
    edges[3] = 2.225073858507201e-308;
    edges[4] = 0.1f;
    points.add(Point.of("edges", edges));
    checkRoundTrip(format, ElementType.FLOAT64, points);
  }

  private static float finite(float any) {
    return Float.isFinite(any) ? any : -0.0f;
  }

  private static float[] edges(float... values) {
    float[] edges = new float[DIMENSION];
    System.arraycopy(values, 0, edges, 0, values.length);
    return edges;
  }

  /// Vectors are equal when their bits are.
  private void checkRoundTrip(WireFormat format, ElementType element, List<Point> points) {
    client(format).create("c", spec(element, DIMENSION)).upsert(points);
    List<VectorId> ids = points.stream().map(Point::id).toList();
    for (WireFormat read : WireFormat.values()) {
      RemoteCollection collection = client(read).collection("c");
      List<Optional<Point>> found = collection.get(ids);
      for (int i = 0; i < points.size(); i++) {
        assertThat(found.get(i).orElseThrow().vector())
            .as("vector %s, read as %s, seed %d", ids.get(i), read, SEED)
            .isEqualTo(points.get(i).vector());
      }
      List<Hit> hits = collection.search(Query.nearest(ids.getFirst(), 3).withVector(true));
      for (Hit hit : hits) {
        assertThat(hit.vector()).isEqualTo(Optional.of(points.get(ids.indexOf(hit.id())).vector()));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void carriesWhatJsonHasNoNumberFor(WireFormat format) {
    Vector floats = Vector.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0.0f);
    RemoteCollection f = client(format).create("f", spec(ElementType.FLOAT32, 4));
    f.upsert(List.of(Point.of(VectorId.of(1), floats)));
    assertThat(f.get(VectorId.of(1)).orElseThrow().vector()).isEqualTo(floats);
    Vector doubles =
        Vector.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0);
    RemoteCollection d = client(format).create("d", spec(ElementType.FLOAT64, 4));
    d.upsert(List.of(Point.of(VectorId.of(1), doubles)));
    assertThat(d.get(VectorId.of(1)).orElseThrow().vector()).isEqualTo(doubles);
  }

  @ParameterizedTest
  @EnumSource
  void carriesEveryKindOfIdPayloadAndExpiry(WireFormat format) {
    RemoteCollection collection = client(format).create("c", spec(ElementType.FLOAT32, 2));
    Payload payload =
        Payload.ofJson(
            """
            {"text": "\\u00e4\\ud83c\\udfb5\\"", "nested": {"list": [1, 2.5, true, null, {"a.b": []}]},
             "long": 9007199254740993, "big": 18446744073709551615, "small": 5e-324, "one": 1.0}
            """);
    Instant expires = Instant.parse("2199-01-02T03:04:05.678Z");
    List<Point> points =
        List.of(
            point("0", payload),
            point("18446744073709551615", payload),
            point("550e8400-e29b-41d4-a716-446655440000", Payload.EMPTY),
            point("a/b c?d=é#%2F", payload),
            point("042", payload).expiresAt(expires));
    collection.upsert(points);
    List<VectorId> ids = points.stream().map(Point::id).toList();
    List<Optional<Point>> found = collection.get(ids);
    for (int i = 0; i < points.size(); i++) {
      Point point = found.get(i).orElseThrow();
      assertThat(point.id()).isEqualTo(points.get(i).id());
      assertThat(point.payload()).isEqualTo(points.get(i).payload());
      assertThat(point.expiresAt()).isEqualTo(points.get(i).expiresAt());
    }
    List<Point> scrolled = new ArrayList<>();
    collection.points(Filter.ALL).forEachRemaining(scrolled::add);
    assertThat(scrolled.stream().map(Point::id))
        .containsExactlyElementsOf(ids.stream().sorted().toList());
    assertThat(collection.get(VectorId.parse("nobody"))).isEmpty();
  }

  private static Point point(String id, Payload payload) {
    return Point.of(VectorId.parse(id), Vector.of(1f, 2f), payload);
  }

  private static CollectionSpec spec(ElementType element, int dimension) {
    return CollectionSpec.dimension(dimension).element(element).metric(Metric.DOT);
  }
}
