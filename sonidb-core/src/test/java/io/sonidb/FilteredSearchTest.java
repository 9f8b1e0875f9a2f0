package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilteredSearchTest {
  private static final int DIMENSION = 16;
  private static final int COUNT = 3000;
  private static final CollectionSpec SPEC =
      CollectionSpec.dimension(DIMENSION).segmentBytes(1 << 20).durability(Durability.OS);

  @TempDir Path data;
  private final Random random = Seeds.random(Seeds.seed(1));
  private final List<float[]> vectors = new ArrayList<>();

  private SoniDb open(int threads) {
    return SoniDb.open(data, new SoniDbOptions(threads, false, InstantSource.system()));
  }

  private float[] vector() {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  private static String json(int i) {
    return "{\"n\":%d,\"color\":\"c%d\",\"tags\":[\"a%d\",\"b%d\"],\"at\":\"2024-01-01T00:%02d:%02dZ\"}"
        .formatted(i, i % 10, i % 3, i % 7, i / 60 % 60, i % 60);
  }

  private Collection fill(SoniDb db) {
    Collection songs = db.create("songs", SPEC);
    List<Point> batch = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      vectors.add(vector());
      batch.add(Point.of(VectorId.of(i), Vector.of(vectors.get(i)), Payload.ofJson(json(i))));
    }
    songs.upsert(batch.subList(0, 2000));
    songs.buildIndex();
    songs.upsert(batch.subList(2000, COUNT));
    return songs;
  }

  private static Filter filter(String condition) {
    return Filter.parse("{\"must\":[" + condition.replace('\'', '"') + "]}");
  }

  private List<String> nearest(float[] query, IntPredicate matches, int k) {
    Comparator<Integer> byScore = Comparator.comparingDouble(i -> -cosine(query, vectors.get(i)));
    return IntStream.range(0, COUNT)
        .filter(matches)
        .boxed()
        .sorted(byScore)
        .limit(k)
        .map(String::valueOf)
        .toList();
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double squareA = 0;
    double squareB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squareA += (double) a[i] * a[i];
      squareB += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(squareA * squareB);
  }

  private static List<String> ids(List<Hit> hits) {
    return hits.stream().map(hit -> hit.id().toString()).toList();
  }

  @Test
  void findsKWheneverKMatchIndexedOrNot() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      check(songs, 1);
      songs.createPayloadIndex("n", FieldType.INTEGER);
      songs.createPayloadIndex("color", FieldType.KEYWORD);
      check(songs, 0);
      songs.buildIndex();
      check(songs, 0);
    }
    try (SoniDb db = open(1)) {
      check(db.collection("songs"), 0);
      assertThat(payloadIndexFiles()).isNotEmpty();
    }
  }

  private void check(Collection songs, int leastReadPayloads) {
    float[] query = vector();
    Map<String, IntPredicate> filters =
        Map.of(
            "{'key':'n','range':{'gte':1990,'lt':2010}}", i -> i >= 1990 && i < 2010,
            "{'key':'n','match':{'value':2999}}", i -> i == 2999,
            "{'key':'color','match':{'value':'c7'}}", i -> i % 10 == 7,
            "{'key':'color','match':{'except':['c7','c8']}}", i -> i % 10 < 7 || i % 10 == 9,
            "{'key':'color','match':{'value':'none'}}", i -> false);
    filters.forEach((condition, matches) -> {
      Filter filter = filter(condition);
      SearchResult found = songs.search(Query.nearest(query, 15).filter(filter));
      assertThat(ids(found.hits())).as(condition).isEqualTo(nearest(query, matches, 15));
      long all = IntStream.range(0, COUNT).filter(matches).count();
      assertThat(found.filtering().matched()).isEqualTo(all);
      assertThat(songs.count(filter)).isEqualTo(all);
      if (leastReadPayloads > 0) {
        assertThat(found.filtering().payloadsRead()).isEqualTo(COUNT);
        assertThat(found.filtering().unindexed()).hasSize(1);
      } else {
        assertThat(found.filtering().payloadsRead()).isLessThanOrEqualTo(PayloadIndexes.SLACK * 2L);
        assertThat(found.filtering().unindexed()).isEmpty();
      }
      assertThat(found.sequence()).isEqualTo(songs.lastSequence());
    });
  }

  @Test
  void knowsChangedPayloadsOfOlderSegments() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      songs.createPayloadIndex("color", FieldType.KEYWORD);
      Filter red = filter("{'key':'color','match':{'value':'red'}}");
      Filter notC1 = filter("{'key':'color','match':{'except':['c1']}}");
      songs.setPayload(
          List.of(VectorId.of(1), VectorId.of(2500)), Payload.ofJson("{\"color\":\"red\"}"));
      long before = songs.lastSequence();
      try (CollectionView view = songs.view()) {
        songs.clearPayload(List.of(VectorId.of(1)));
        songs.delete("2500");
        assertThat(songs.count(red)).isZero();
        assertThat(view.count(red)).isEqualTo(2);
        assertThat(ids(view.search(Query.nearest(vector(), 9).filter(red)).hits()))
            .containsExactlyInAnyOrder("1", "2500");
        assertThat(view.count(notC1)).isEqualTo(2701);
        assertThat(view.sequence()).isEqualTo(before);
      }
      assertThat(songs.count(notC1)).isEqualTo(2699);
      songs.buildIndex();
      songs.compact(true, Progress.NONE);
      assertThat(songs.count(notC1)).isEqualTo(2699);
      assertThat(songs.count(filter("{'is_empty':{'key':'color'}}"))).isEqualTo(1);
    }
  }

  @Test
  void answersTheSameToTheBitOnEveryNumberOfThreads() {
    List<List<Hit>> answers = new ArrayList<>();
    List<Query> queries = new ArrayList<>();
    try (SoniDb db = open(1)) {
      Collection songs = fill(db);
      // The same vector many times: ties.
      List<Point> same = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        same.add(
            Point.of(VectorId.of(9000 - i), Vector.of(vectors.get(0)), Payload.ofJson(json(i))));
      }
      songs.upsert(same);
      songs.createPayloadIndex("color", FieldType.KEYWORD);
      for (int i = 0; i < 6; i++) {
        queries.add(Query.nearest(i == 0 ? vectors.get(0) : vector(), 50).withVector(true));
        queries.add(
            queries.getLast().filter(filter("{'key':'color','match':{'any':['c1','c2','c0']}}")));
      }
      queries.forEach(query -> answers.add(songs.search(query).hits()));
      assertThat(ids(answers.getFirst())).startsWith("0", "8601", "8602");
    }
    for (int threads : new int[] {1, 2, 5}) {
      try (SoniDb db = open(threads)) {
        Collection songs = db.collection("songs");
        for (int i = 0; i < queries.size(); i++) {
          assertThat(songs.search(queries.get(i)).hits()).isEqualTo(answers.get(i));
        }
        List<SearchResult> together = songs.search(queries);
        assertThat(together.stream().map(SearchResult::hits).toList()).isEqualTo(answers);
      }
    }
  }

  @Test
  void skipsAndCutsByScore() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      float[] query = vector();
      List<Hit> all = songs.search(Query.nearest(query, 30)).hits();
      assertThat(songs.search(Query.nearest(query, 10).offset(20)).hits())
          .isEqualTo(all.subList(20, 30));
      double tenth = all.get(9).score();
      assertThat(songs.search(Query.nearest(query, 30).scoreThreshold(tenth)).hits())
          .isEqualTo(all.subList(0, 10));
      assertThat(songs.search(Query.nearest(query, 5).offset(COUNT)).hits()).isEmpty();
      songs.alter(SPEC.metric(Metric.EUCLID), Progress.NONE);
      List<Hit> near = songs.search(Query.nearest(query, 30)).hits();
      assertThat(songs.search(Query.nearest(query, 30).scoreThreshold(near.get(4).score())).hits())
          .isEqualTo(near.subList(0, 5));
    }
  }

  @Test
  void recommendsByExamples() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      List<VectorId> positives = List.of(VectorId.of(3), VectorId.of(4));
      List<VectorId> negatives = List.of(VectorId.of(5));
      float[] average = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        double mean = (unit(3)[i] + unit(4)[i]) / 2;
        average[i] = (float) (mean + mean - unit(5)[i]);
      }
      assertThat(ids(songs.search(Query.recommend(positives, negatives, 10)).hits()))
          .isEqualTo(nearest(average, i -> i < 3 || i > 5, 10));
      List<Hit> best =
          songs
              .search(
                  Query.recommend(
                      List.of(new Query.Example.OfId(VectorId.of(3))),
                      List.of(new Query.Example.OfId(VectorId.of(5))),
                      Query.Strategy.BEST_SCORE,
                      20))
              .hits();
      assertThat(best)
          .hasSize(20)
          .allMatch(hit -> {
            float[] vector = vectors.get(Integer.parseInt(hit.id().toString()));
            return cosine(vector, vectors.get(3)) > cosine(vector, vectors.get(5));
          })
          .isSortedAccordingTo(Comparator.comparingDouble(Hit::score).reversed());
      assertThatThrownBy(() -> Query.recommend(List.of(), negatives, 3))
          .hasMessageContaining("positive example");
      assertThatThrownBy(
              () -> songs.search(Query.recommend(List.of(VectorId.of(99_999)), List.of(), 3)))
          .isInstanceOf(VectorNotFoundException.class);
    }
  }

  private double[] unit(int id) {
    float[] vector = vectors.get(id);
    double length =
        Math.sqrt(
            IntStream.range(0, DIMENSION).mapToDouble(i -> (double) vector[i] * vector[i]).sum());
    return IntStream.range(0, DIMENSION).mapToDouble(i -> vector[i] / length).toArray();
  }

  @Test
  void groupsByAField() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      float[] query = vector();
      GroupResult result = songs.searchGroups(Query.nearest(query, 1), new Grouping("color", 4, 3));
      List<String> all = nearest(query, i -> true, COUNT);
      List<Scalar> expected =
          all.stream()
              .map(id -> Scalar.of("c" + Integer.parseInt(id) % 10))
              .distinct()
              .limit(4)
              .toList();
      assertThat(result.groups()).extracting(GroupResult.Group::value).isEqualTo(expected);
      for (GroupResult.Group group : result.groups()) {
        int color = Integer.parseInt(((Scalar.Text) group.value()).value().substring(1));
        assertThat(ids(group.hits())).isEqualTo(nearest(query, i -> i % 10 == color, 3));
      }
      assertThat(songs.searchGroups(Query.nearest(query, 1), new Grouping("tags", 100, 1)).groups())
          .hasSize(10);
      assertThat(songs.searchGroups(Query.nearest(query, 1), new Grouping("none", 5, 1)).groups())
          .isEmpty();
    }
  }

  @Tag("slow")
  @Test
  void givesUpGroupingWhenTheBestHundredThousandMakeNoGroup() {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("fractions", CollectionSpec.dimension(2));
      Payload half = Payload.ofJson("{\"n\":0.5}");
      for (int from = 0; from < 120_000; from += 10_000) {
        songs.upsert(
            IntStream.range(from, from + 10_000)
                .mapToObj(i -> Point.of(VectorId.of(i), Vector.of(new float[] {1, i}), half))
                .toList());
      }
      Query query = Query.nearest(new float[] {1, 0}, 1);
      assertThat(songs.searchGroups(query, new Grouping("n", 1000, 10)).groups()).isEmpty();
    }
  }

  @Test
  void countsTheValuesOfAField() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      Filter low = filter("{'key':'n','range':{'lt':100}}");
      List<ValueCount> unindexed = songs.facet("tags", low, 5);
      assertThat(unindexed)
          .containsExactly(
              new ValueCount(Scalar.of("a0"), 34),
              new ValueCount(Scalar.of("a1"), 33),
              new ValueCount(Scalar.of("a2"), 33),
              new ValueCount(Scalar.of("b0"), 15),
              new ValueCount(Scalar.of("b1"), 15));
      songs.createPayloadIndex("tags", FieldType.KEYWORD);
      songs.createPayloadIndex("n", FieldType.INTEGER);
      assertThat(songs.facet("tags", low, 5)).isEqualTo(unindexed);
      assertThat(songs.facet("tags", Filter.ALL, 1).getFirst().count()).isEqualTo(1000);
    }
  }

  /// Numbers that doubles tell apart by their last bit or not at all, and times.
  @Test
  void ordersAsSortingDoesWhateverIsIndexed() {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      long large = (1L << 60) + random.nextInt(600);
      values.add(
          switch (random.nextInt(4)) {
            case 0 -> Double.toString((random.nextInt(20) - 10) / 10.0);
            case 1 -> Long.toString(random.nextInt(20) - 10);
            case 2 -> Long.toString(large);
            default -> "\"2024-01-%02dT00:00:00.%09dZ\"".formatted(1 + i % 9, 999 + i % 3);
          });
    }
    try (SoniDb db = open(1)) {
      Collection songs = db.create("songs", SPEC);
      List<Point> batch = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        Payload payload = Payload.ofJson("{\"x\":" + values.get(i) + "}");
        batch.add(Point.of(VectorId.of(i), Vector.of(vector()), payload));
      }
      songs.upsert(batch);
      songs.buildIndex();
      checkOrder(songs, values);
      for (FieldType type : List.of(FieldType.INTEGER, FieldType.FLOAT, FieldType.DATETIME)) {
        songs.createPayloadIndex("x", type);
        checkOrder(songs, values);
        songs.dropPayloadIndex("x");
      }
    }
  }

  private void checkOrder(Collection songs, List<String> values) {
    for (int query = 0; query < 100; query++) {
      boolean descending = random.nextBoolean();
      String first = values.get(random.nextInt(values.size()));
      Comparator<Integer> byValue = Comparator.comparing(i -> orderOf(values.get(i)));
      Comparator<Integer> order = descending ? byValue.reversed() : byValue;
      int limit = 1 + random.nextInt(6);
      List<String> expected =
          IntStream.range(0, values.size())
              .boxed()
              .filter(i -> order.compare(i, values.indexOf(first)) >= 0)
              .sorted(order.thenComparing(Comparator.naturalOrder()))
              .limit(limit)
              .map(String::valueOf)
              .toList();
      String from = first.replace("\"", "");
      Scroll.Order by = new Scroll.Order("x", descending, java.util.Optional.of(from));
      List<Point> page = songs.scroll(Scroll.of(limit).order(by)).points();
      assertThat(page.stream().map(point -> point.id().toString()))
          .as("from %s, descending %s", from, descending)
          .isEqualTo(expected);
    }
  }

  /// Times behind all numbers.
  private static BigDecimal orderOf(String value) {
    if (value.startsWith("\"")) {
      Instant time = Instant.parse(value.replace("\"", ""));
      return BigDecimal.valueOf(time.getEpochSecond())
          .add(BigDecimal.valueOf(time.getNano(), 9))
          .add(BigDecimal.TEN.pow(30));
    }
    return value.contains(".") ? new BigDecimal(Double.parseDouble(value)) : new BigDecimal(value);
  }

  @Test
  void scrollsFilteredPagesAndInTheOrderOfAField() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      Filter filter = filter("{'key':'color','match':{'value':'c5'}}");
      List<String> seen = new ArrayList<>();
      Scroll page = Scroll.of(70).filter(filter).payload(PayloadSelection.include("n"));
      while (true) {
        ScrollPage got = songs.scroll(page);
        got.points().forEach(point -> seen.add(point.id().toString()));
        assertThat(got.points().getFirst().payload().toMap()).containsOnlyKeys("n");
        if (got.next().isEmpty()) {
          break;
        }
        page = page.from(got.next().get());
      }
      assertThat(seen).isEqualTo(IntStream.range(0, 300).mapToObj(i -> "" + (i * 10 + 5)).toList());
      ScrollPage last =
          songs.scroll(
              Scroll.of(3)
                  .filter(filter)
                  .order(new Scroll.Order("n", true, java.util.Optional.of("2000"))));
      assertThat(last.points())
          .extracting(p -> p.id().toString())
          .containsExactly("1995", "1985", "1975");
      ScrollPage first =
          songs.scroll(
              Scroll.of(2)
                  .order(
                      new Scroll.Order(
                          "at", false, java.util.Optional.of("2024-01-01T00:10:00Z"))));
      assertThat(first.points()).extracting(p -> p.id().toString()).containsExactly("600", "601");
    }
  }

  @Test
  void samplesTheSameWhereverPointsLie() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      List<VectorId> sample = songs.sample(20, 7, Filter.ALL).stream().map(Point::id).toList();
      assertThat(sample).doesNotHaveDuplicates().hasSize(20);
      songs.buildIndex();
      assertThat(songs.sample(20, 7, Filter.ALL)).extracting(Point::id).isEqualTo(sample);
      assertThat(songs.sample(20, 8, Filter.ALL)).extracting(Point::id).isNotEqualTo(sample);
      assertThat(songs.sample(20, 7, filter("{'key':'n','match':{'any':[1,2,3]}}")))
          .extracting(p -> p.id().toString())
          .containsExactlyInAnyOrder("1", "2", "3");
    }
  }

  @Test
  void givesWhatIsWantedOfPayloadAndVector() {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", CollectionSpec.dimension(2).metric(Metric.DOT));
      songs.upsert(
          "1",
          new float[] {1, 2},
          Payload.ofJson("{\"a\":{\"b\":1,\"c\":2},\"l\":[{\"x\":1,\"y\":2},{\"x\":3}],\"z\":0}"));
      Query query = Query.nearest(new float[] {1, 1}, 1);
      assertThat(payload(songs, query.payload(PayloadSelection.NONE))).isEqualTo("{}");
      assertThat(payload(songs, query.payload(PayloadSelection.include("a.b", "l[].x"))))
          .isEqualTo("{\"a\":{\"b\":1},\"l\":[{\"x\":1},{\"x\":3}]}");
      assertThat(payload(songs, query.payload(PayloadSelection.exclude("a.b", "l[].x", "z"))))
          .isEqualTo("{\"a\":{\"c\":2},\"l\":[{\"y\":2},{}]}");
      assertThat(songs.search(query).hits().getFirst().vector()).isEmpty();
      assertThat(songs.search(query.withVector(true)).hits().getFirst().vector().orElseThrow())
          .isEqualTo(Vector.of(new float[] {1, 2}));
    }
  }

  private static String payload(Collection songs, Query query) {
    return songs.search(query).hits().getFirst().payload().toJson();
  }

  @Test
  void deletesAndChangesWhatMatches() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      Filter c3 = filter("{'key':'color','match':{'value':'c3'}}");
      assertThat(songs.setPayload(c3, Payload.ofJson("{\"color\":\"blue\"}"))).isEqualTo(300);
      assertThat(songs.count(c3)).isZero();
      Filter blue = filter("{'key':'color','match':{'value':'blue'}}");
      assertThat(songs.deletePayloadKeys(blue, Set.of("n"))).isEqualTo(300);
      assertThat(songs.count(Filter.must(blue, new Condition.IsEmpty(FieldPath.parse("n")))))
          .isEqualTo(300);
      assertThat(songs.delete(blue)).isEqualTo(300);
      assertThat(songs.count()).isEqualTo(2700);
      assertThat(songs.delete(blue)).isZero();
      assertThat(songs.delete(Filter.ALL)).isEqualTo(2700);
      assertThat(songs.count()).isZero();
    }
  }

  private List<Path> payloadIndexFiles() throws IOException {
    try (var files = Files.walk(data)) {
      return files.filter(file -> file.toString().endsWith(".pay")).toList();
    }
  }

  @Test
  void rebuildsAnIndexFileThatIsDamaged() throws Exception {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      songs.buildIndex();
      songs.createPayloadIndex("n", FieldType.INTEGER);
    }
    Map<Path, byte[]> damaged = new HashMap<>();
    for (Path file : payloadIndexFiles()) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 16;
      Files.write(file, bytes);
      damaged.put(file, bytes);
    }
    try (SoniDb db = open(2)) {
      Collection songs = db.collection("songs");
      check(songs, "{'key':'n','range':{'lt':10}}", 10);
      assertThat(songs.repairs())
          .anyMatch(note -> note.contains("payload index") && note.contains("rebuilt"));
      assertThat(songs.verifyIntegrity().ok()).isTrue();
      awaitChange(damaged); // closing leaves files that have not had their turn to the next time
    }
    try (SoniDb db = open(2)) {
      Collection songs = db.collection("songs");
      check(songs, "{'key':'n','range':{'lt':10}}", 10);
      assertThat(songs.repairs()).isEmpty();
    }
  }

  private static void awaitChange(Map<Path, byte[]> files) throws Exception {
    for (Map.Entry<Path, byte[]> file : files.entrySet()) {
      for (int i = 0; Arrays.equals(Files.readAllBytes(file.getKey()), file.getValue()); i++) {
        assertThat(i).as("times that %s was as before", file.getKey()).isLessThan(3000);
        Thread.sleep(10);
      }
    }
  }

  private static void check(Collection songs, String condition, long matches) {
    SearchResult found =
        songs.search(
            Query.nearest(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7}, 20)
                .filter(filter(condition)));
    assertThat(found.filtering().matched()).isEqualTo(matches);
    assertThat(found.filtering().payloadsRead()).isZero();
  }

  @Test
  void verifyNamesADamagedPayloadIndex() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      songs.createPayloadIndex("n", FieldType.INTEGER);
      songs.buildIndex();
    }
    try (SoniDb db = open(2)) {
      Collection songs = db.collection("songs");
      check(songs, "{'key':'n','range':{'lt':10}}", 10);
      assertThat(songs.verifyIntegrity().ok()).isTrue();
      Path file = payloadIndexFiles().getFirst();
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 16;
      Path other = file.resolveSibling("other");
      Files.write(other, bytes);
      Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertThat(songs.verifyIntegrity().damaged())
          .extracting(Damage::file)
          .containsExactly("segments/" + file.getFileName());
      check(songs, "{'key':'n','range':{'lt':10}}", 10);
    }
  }

  @Test
  void dropsAnIndex() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db);
      songs.buildIndex();
      songs.createPayloadIndex("n", FieldType.INTEGER);
      assertThat(songs.stats().payloadIndexes()).isEqualTo(Map.of("n", FieldType.INTEGER));
      assertThat(songs.stats().payloadIndexBytes()).isPositive();
      assertThat(songs.dropPayloadIndex("n")).isTrue();
      assertThat(songs.dropPayloadIndex("n")).isFalse();
      assertThat(songs.count(filter("{'key':'n','range':{'lt':10}}"))).isEqualTo(10);
    }
    assertThat(payloadIndexFiles()).isEmpty();
  }

  @Test
  void indexesWhatIsAskedWhereItIsToldTo() throws InterruptedException {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", SPEC.indexesWhatIsAsked(true));
      List<Point> batch = new ArrayList<>();
      for (int i = 0; i < 12_000; i++) {
        batch.add(Point.of(VectorId.of(i), Vector.of(vector()), Payload.ofJson(json(i))));
      }
      songs.upsert(batch);
      Query query =
          Query.nearest(vector(), 3).filter(filter("{'key':'color','match':{'value':'c3'}}"));
      assertThat(songs.search(query).filtering().unindexed()).containsExactly("color");
      for (int i = 0; i < 1000 && songs.spec().payloadIndexes().isEmpty(); i++) {
        Thread.sleep(10);
      }
      assertThat(songs.spec().payloadIndexes()).containsEntry("color", FieldType.KEYWORD);
      assertThat(songs.search(query).filtering().unindexed()).isEmpty();
    }
  }
}
