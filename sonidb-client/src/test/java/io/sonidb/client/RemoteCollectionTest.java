package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Grouping;
import io.sonidb.Hit;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.Scroll;
import io.sonidb.SoniDb;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.server.Node;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A collection of a node answers as one of an opened folder with the same points does.
class RemoteCollectionTest {
  private static final int COUNT = 300;
  private static final int DIMENSION = 8;
  private static final Filter JAZZ =
      Filter.parse("{\"must\":[{\"key\":\"genre\",\"match\":{\"value\":\"jazz\"}}]}");

  @TempDir Path folder;

  private Node node;
  private SoniDbClient client;
  private SoniDb database;
  private Collection local;
  private RemoteCollection remote;

  @BeforeEach
  void start() throws Exception {
    node = TestNodes.start(folder.resolve("node"));
    client = TestNodes.client(node);
    database = SoniDb.open(folder.resolve("folder"));
    CollectionSpec spec = CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID);
    local = database.create("songs", spec);
    remote = client.create("songs", spec);
    List<Point> points = points();
    local.upsert(points);
    remote.upsert(points);
  }

  @AfterEach
  void stop() {
    client.close();
    node.close();
    database.close();
  }

  private static List<Point> points() {
    SplittableRandom random = new SplittableRandom(5);
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      float[] vector = new float[DIMENSION];
      for (int j = 0; j < DIMENSION; j++) {
        vector[j] = (float) random.nextGaussian();
      }
      Payload payload =
          Payload.ofMap(
              Map.of(
                  "genre", i % 3 == 0 ? "jazz" : "rock", "year", 1900 + i, "artist", "a" + i % 7));
      points.add(Point.of(VectorId.of(i), Vector.of(vector), payload));
    }
    return points;
  }

  @Test
  void refusesVectorsOfAnotherDimension() {
    assertThatThrownBy(() -> remote.upsert(List.of(Point.of("1", new float[] {1, 2}))))
        .isInstanceOfSatisfying(
            BadRequestException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessageContaining(node.uri().toString())
        .hasMessageContaining("expected dim: 8, got 2");
    assertThat(remote.count()).isEqualTo(COUNT);
  }

  @Test
  void namesWhatIsNotThere() {
    assertThatThrownBy(() -> client.collection("nothing"))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("`nothing` doesn't exist");
    assertThat(client.find("nothing")).isEmpty();
    assertThat(client.drop("nothing")).isFalse();
    assertThatThrownBy(() -> remote.search(Query.nearest(VectorId.of(99_999), 1)))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> remote.replaceVectors(Map.of(VectorId.of(99_999), vector(1))))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> remote.deleteSnapshot("none")).isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> client.create("songs", CollectionSpec.dimension(2)))
        .isInstanceOf(AlreadyExistsException.class);
  }

  private static Vector vector(float first) {
    float[] vector = new float[DIMENSION];
    vector[0] = first;
    return Vector.sharing(vector);
  }

  @Test
  void tellsWhenPointsWereWritten() {
    Point one = remote.get(VectorId.of(1)).orElseThrow();
    assertThat(one.sequence()).isEqualTo(local.get(VectorId.of(1)).orElseThrow().sequence());
    assertThat(one.insertedAt()).isPresent();
    assertThat(remote.scroll(Scroll.of(2)).points().get(1)).isEqualTo(one);
  }

  @Test
  void findsWhatTheDatabaseFinds() {
    Query.Example like = new Query.Example.OfVector(vector(2));
    Query.Example unlike = new Query.Example.OfId(VectorId.of(9));
    List<Query> queries =
        List.of(
            Query.nearest(vector(1), 10),
            Query.nearest(VectorId.of(7), 5).offset(3).exact(true).ef(50),
            Query.nearest(vector(1), 10).filter(JAZZ).payload(PayloadSelection.NONE),
            Query.nearest(vector(1), 10).scoreThreshold(2.5),
            Query.nearest(vector(1), 3).payload(PayloadSelection.include("year", "genre")),
            Query.nearest(vector(1), 3).payload(PayloadSelection.exclude("year")).withVector(true),
            Query.recommend(List.of(VectorId.of(1), VectorId.of(2)), List.of(VectorId.of(3)), 4),
            Query.recommend(List.of(like), List.of(unlike), Query.Strategy.BEST_SCORE, 6));
    List<List<Hit>> batch = remote.search(queries);
    for (int i = 0; i < queries.size(); i++) {
      List<Hit> expected = local.search(queries.get(i)).hits();
      assertThat(expected).isNotEmpty();
      assertSame(remote.search(queries.get(i)), expected);
      assertSame(batch.get(i), expected);
    }
  }

  private static void assertSame(List<Hit> found, List<Hit> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.get(i).id()).isEqualTo(expected.get(i).id());
      assertThat(found.get(i).score()).isEqualTo(expected.get(i).score());
      assertThat(found.get(i).payload().toMap()).isEqualTo(expected.get(i).payload().toMap());
      assertThat(found.get(i).vector()).isEqualTo(expected.get(i).vector());
    }
  }

  @Test
  void groupsCountsAndFacetsLikeTheDatabase() {
    Query query = Query.nearest(vector(1), 1).filter(JAZZ);
    Grouping grouping = new Grouping("artist", 3, 2);
    var groups = remote.searchGroups(query, grouping);
    var expected = local.searchGroups(query, grouping).groups();
    assertThat(groups).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(groups.get(i).value()).isEqualTo(expected.get(i).value());
      assertSame(groups.get(i).hits(), expected.get(i).hits());
    }
    assertThat(remote.count(JAZZ)).isEqualTo(local.count(JAZZ)).isEqualTo(100);
    assertThat(remote.facet("genre", Filter.ALL, 5)).isEqualTo(local.facet("genre", Filter.ALL, 5));
  }

  @Test
  void pagesLikeTheDatabase() {
    Scroll first = Scroll.of(7).filter(JAZZ);
    Page page = remote.scroll(first);
    var expected = local.scroll(first);
    assertThat(page.next()).isEqualTo(expected.next()).isPresent();
    assertThat(page.points().stream().map(Point::id))
        .containsExactlyElementsOf(expected.points().stream().map(Point::id).toList());
    Scroll ordered = Scroll.of(4).order(new Scroll.Order("year", true, Optional.of("2000")));
    assertThat(remote.scroll(ordered).points().stream().map(Point::id))
        .containsExactlyElementsOf(local.scroll(ordered).points().stream().map(Point::id).toList());
    List<VectorId> all = new ArrayList<>();
    remote.points(JAZZ).forEachRemaining(point -> all.add(point.id()));
    assertThat(all).hasSize(100).isSorted();
  }

  @Test
  void changesPayloadsVectorsAndPoints() {
    VectorId id = VectorId.of(1);
    remote.setPayload(List.of(id), Payload.ofJson("{\"a.b\":1,\"x[]\":2}"));
    assertThat(payload(id)).containsEntry("a.b", 1).containsEntry("year", 1901);
    remote.deletePayloadKeys(List.of(id), Set.of("a.b", "x[]"));
    assertThat(payload(id)).doesNotContainKeys("a.b", "x[]").containsKey("year");
    remote.overwritePayload(List.of(id), Payload.ofJson("{\"genre\":\"jazz\"}"));
    assertThat(payload(id)).isEqualTo(Map.of("genre", "jazz"));
    remote.clearPayload(List.of(id));
    assertThat(payload(id)).isEmpty();
    remote.replaceVectors(Map.of(id, vector(9)));
    assertThat(remote.get(id).orElseThrow().vector()).isEqualTo(vector(9));
    remote.setPayload(JAZZ, Payload.ofJson("{\"old\":true}"));
    remote.deletePayloadKeys(JAZZ, Set.of("year"));
    assertThat(payload(VectorId.of(3))).containsEntry("old", true).doesNotContainKey("year");
    remote.overwritePayload(JAZZ, Payload.ofJson("{\"genre\":\"jazz\"}"));
    assertThat(payload(VectorId.of(3))).isEqualTo(Map.of("genre", "jazz"));
    assertThat(remote.present(List.of(id, VectorId.parse("nobody")))).containsExactly(id);
    remote.delete(List.of(id, VectorId.parse("nobody")));
    assertThat(remote.get(List.of(id)).getFirst()).isEmpty();
    remote.delete(JAZZ);
    assertThat(remote.count()).isEqualTo(COUNT - 101);
    remote.delete(Filter.ALL);
    assertThat(remote.count()).isZero();
  }

  private Map<String, Object> payload(VectorId id) {
    return remote.get(id).orElseThrow().payload().toMap();
  }

  @Test
  void indexesFields() {
    remote.createPayloadIndex("genre", FieldType.KEYWORD);
    remote.createPayloadIndex("live", FieldType.BOOLEAN);
    assertThat(remote.spec().payloadIndexes())
        .isEqualTo(Map.of("genre", FieldType.KEYWORD, "live", FieldType.BOOLEAN));
    assertThat(remote.count(JAZZ)).isEqualTo(100);
    remote.dropPayloadIndex("live");
    assertThat(remote.spec().payloadIndexes()).containsOnlyKeys("genre");
  }

  @Test
  void createsWhatIsAskedForAndTellsAllOfIt() {
    CollectionSpec spec =
        CollectionSpec.dimension(5)
            .metric(Metric.MANHATTAN)
            .sonification(Sonification.PULSE)
            .quantize(Quantisation.BITS_6)
            .durability(Durability.OS)
            .segmentBytes(3 << 20)
            .timeToLive(Duration.ofMillis(90_500))
            .retention(Duration.ofDays(3))
            .payloadIndex("genre", FieldType.KEYWORD)
            .indexesWhatIsAsked(true);
    RemoteCollection made = client.create("all of it", spec);
    assertThat(made.spec()).isEqualTo(spec);
    assertThat(
            client
                .create("doubles", CollectionSpec.dimension(5).element(ElementType.FLOAT64))
                .spec())
        .isEqualTo(CollectionSpec.dimension(5).element(ElementType.FLOAT64));
    assertThat(client.collections()).containsExactly("all of it", "doubles", "songs");
    assertThat(client.drop("all of it")).isTrue();
    assertThat(client.collections()).containsExactly("doubles", "songs");
  }

  @Test
  void tellsTheSameFiguresAsTheDatabase() {
    CollectionStats stats = remote.stats();
    CollectionStats expected = local.stats();
    assertThat(stats.vectors()).isEqualTo(COUNT);
    assertThat(stats.records()).isEqualTo(expected.records());
    assertThat(stats.segments()).isEqualTo(expected.segments());
    assertThat(stats.dimension()).isEqualTo(DIMENSION);
    assertThat(stats.bytesPerVector()).isPositive();
    assertThat(stats.lastSequence()).isEqualTo(expected.lastSequence());
    assertThat(stats.kernels()).isEqualTo(expected.kernels());
  }

  @Test
  void makesListsDownloadsAndDeletesSnapshots() throws Exception {
    RemoteSnapshot made = remote.createSnapshot();
    assertThat(remote.snapshots()).containsExactly(made);
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    remote.download(made, tar);
    assertThat(tar.size()).isEqualTo(Math.toIntExact(made.size())).isPositive();
    RemoteSnapshot other =
        new RemoteSnapshot(made.name(), made.creationTime(), made.size(), "0".repeat(64));
    assertThatThrownBy(() -> remote.download(other, new ByteArrayOutputStream()))
        .isInstanceOf(UnexpectedAnswerException.class)
        .hasMessageContaining(made.checksum());
    remote.deleteSnapshot(made.name());
    assertThat(remote.snapshots()).isEmpty();
  }
}
