package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.FileStorage;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("compiled")
class SearchIndexTest {
  private static final int LEAST = 300;
  private static final int COUNT = 1200;
  private static final int QUERIES = 40;
  private static final int BITS = 256;
  private static final int BYTES = 24;
  private static final Indexing BY_HAND = new Indexing(false, LEAST, 0);

  @TempDir Path data;
  private final long seed = Seeds.seed(1);
  private final Random random = Seeds.random(seed);
  private float[][] centers = new float[0][];

  private static SoniDbOptions options(int threads, Indexing indexing) {
    return new SoniDbOptions(threads, false, indexing, InstantSource.system());
  }

  private SoniDb open(int threads) {
    return SoniDb.open(data, options(threads, BY_HAND));
  }

  private static CollectionSpec spec(int dimension) {
    return CollectionSpec.dimension(dimension).segmentBytes(1 << 20).durability(Durability.OS);
  }

  /// Clusters, in which the first components tell more than the last.
  private float[] vector(int dimension) {
    if (centers.length == 0) {
      centers = new float[20][dimension];
      for (float[] center : centers) {
        for (int i = 0; i < dimension; i++) {
          center[i] = (float) (random.nextGaussian() * Math.pow(i + 1, -0.4));
        }
      }
    }
    float[] vector = centers[random.nextInt(centers.length)].clone();
    for (int i = 0; i < dimension; i++) {
      vector[i] += (float) (0.6 * random.nextGaussian() * Math.pow(i + 1, -0.3));
    }
    return vector;
  }

  private void upsert(Collection songs, int from, int to) {
    List<Point> batch = new ArrayList<>();
    for (int id = from; id < to; id++) {
      Payload payload = Payload.ofJson("{\"n\":%d}".formatted(id));
      Vector vector = Vector.of(vector(songs.spec().dimension()));
      batch.add(Point.of(VectorId.of(id), exactly(vector, songs.spec().element()), payload));
    }
    songs.upsert(batch);
  }

  private static Vector exactly(Vector vector, ElementType element) {
    if (element == ElementType.FLOAT32) {
      return vector;
    }
    double[] wide = new double[vector.dimension()];
    Arrays.setAll(wide, i -> vector.doubleAt(i) + 1e-12 * i);
    return Vector.of(wide);
  }

  private Collection fill(SoniDb db, CollectionSpec spec) {
    Collection songs = db.create("songs", spec);
    upsert(songs, 0, COUNT);
    songs.buildIndex();
    return songs;
  }

  private List<Query> queries(CollectionSpec spec) {
    return IntStream.range(0, QUERIES)
        .mapToObj(_ -> exactly(Vector.of(vector(spec.dimension())), spec.element()))
        .map(vector -> Query.nearest(vector, 10))
        .toList();
  }

  private static List<VectorId> ids(SearchResult result) {
    return result.hits().stream().map(Hit::id).toList();
  }

  private static double recall(Collection songs, List<Query> queries) {
    double found = 0;
    double there = 0;
    for (Query query : queries) {
      List<VectorId> exact = ids(songs.search(query.exact(true)));
      Set<VectorId> hits = new HashSet<>(ids(songs.search(query)));
      assertThat(hits).hasSameSizeAs(exact);
      found += exact.stream().filter(hits::contains).count();
      there += exact.size();
    }
    return found / there;
  }

  private List<Path> parts() throws IOException {
    try (Stream<Path> files = Files.list(SmallSegments.folderIn(data))) {
      return files.filter(file -> file.toString().endsWith(".part")).sorted().toList();
    }
  }

  // What is found ----------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"24,COSINE", "24,DOT", "24,EUCLID", "256,COSINE", "256,DOT", "256,EUCLID"})
  void findsNearlyWhatComparingAllFinds(int dimension, Metric metric) {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(dimension).metric(metric));
      List<Query> queries = queries(songs.spec());
      SearchResult result = songs.search(queries.getFirst());
      assertThat(result.exact()).isFalse();
      assertThat(result.generation()).isNotEqualTo(SearchParts.NO_GENERATION);
      assertThat(songs.search(queries.getFirst().exact(true)).exact()).isTrue();
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(0.97);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {BYTES, BITS})
  void scoresByTheVectorsThemselves(int dimension) {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(dimension).element(ElementType.FLOAT64));
      for (Query query : queries(songs.spec())) {
        Query everything = query.k(100);
        List<Hit> exact = songs.search(everything.exact(true)).hits();
        for (Hit hit : songs.search(query).hits()) {
          assertThat(exact).extracting(Hit::score).contains(hit.score());
        }
      }
    }
  }

  /// Some are read once, others again: with large payloads, or new ones.
  @Test
  void hitsCarryWhatTheyCarryWhenAllAreCompared() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      List<Point> others = new ArrayList<>();
      for (int id = 0; id < COUNT; id += 3) {
        Payload payload = Payload.ofJson("{\"text\":\"%s\"}".formatted("a".repeat(id)));
        others.add(
            Point.of(VectorId.of(id), Vector.of(vector(BYTES)), payload)
                .expiresAt(Instant.parse("2999-01-01T00:00:00Z")));
      }
      songs.upsert(others);
      songs.buildIndex();
      songs.setPayload(Filter.ALL, Payload.ofJson("{\"all\":true}"));
      for (int id = 1; id < COUNT; id += 3) {
        upsert(songs, id, id + 1);
      }
      songs.buildIndex();
      int compared = 0;
      for (Query query : queries(songs.spec()).subList(0, 10)) {
        for (Query each :
            List.of(
                query,
                query.payload(PayloadSelection.NONE),
                query.payload(PayloadSelection.include("text")),
                query.withVector(true))) {
          List<Hit> all = songs.search(each.k(COUNT).exact(true)).hits();
          SearchResult result = songs.search(each);
          assertThat(result.exact()).isFalse();
          assertThat(result.hits()).as(Seeds.again(seed)).isSubsetOf(all);
          compared += result.hits().size();
        }
      }
      assertThat(compared).isEqualTo(4 * 10 * 10);
    }
  }

  @Test
  void comparesAllWhereNoCodesTell() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES).metric(Metric.MANHATTAN));
      assertThat(songs.stats().search().parts()).isZero();
      assertThat(songs.search(queries(songs.spec()).getFirst()).exact()).isTrue();
      songs.alter(songs.spec().metric(Metric.EUCLID), Progress.NONE);
      songs.buildIndex();
      assertThat(songs.search(queries(songs.spec()).getFirst()).exact()).isFalse();
      Query best =
          Query.recommend(
              List.of(new Query.Example.OfId(VectorId.of(1))),
              List.of(new Query.Example.OfId(VectorId.of(2))),
              Query.Strategy.BEST_SCORE,
              10);
      assertThat(songs.search(best).exact()).isTrue();
    }
  }

  @Test
  void comparesAllOfASmallCollection() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", spec(BYTES));
      upsert(songs, 0, LEAST - 1);
      songs.buildIndex();
      assertThat(parts()).isEmpty();
      assertThat(songs.search(queries(songs.spec()).getFirst()).generation())
          .isEqualTo(SearchParts.NO_GENERATION);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {BYTES, BITS})
  void findsVectorsWithoutACode(int dimension) {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", spec(dimension).metric(Metric.EUCLID));
      upsert(songs, 0, COUNT);
      float[] huge = new float[dimension];
      huge[0] = 1e18f;
      songs.upsert("1000000", huge);
      float[] none = new float[dimension];
      none[1] = Float.NaN;
      songs.upsert("1000001", none);
      songs.buildIndex();
      huge[0] = 1e14f;
      huge[1] = 1;
      SearchResult far = songs.search(Query.nearest(huge, 1));
      assertThat(far.exact()).isFalse();
      huge[0] = 1e18f;
      assertThat(ids(songs.search(Query.nearest(huge, 1)))).containsExactly(VectorId.of(1_000_000));
      List<Query> queries = queries(songs.spec());
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(0.97);
    }
  }

  @Test
  void findsAVectorAsSoonAsItIsInserted() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BITS));
      for (int id = COUNT; id < COUNT + 20; id++) {
        float[] vector = vector(BITS);
        songs.upsert(Integer.toString(id), vector);
        SearchResult result = songs.search(Query.nearest(vector, 3));
        assertThat(result.exact()).isFalse();
        assertThat(ids(result).getFirst()).isEqualTo(VectorId.of(id));
        songs.delete(Integer.toString(id));
        assertThat(ids(songs.search(Query.nearest(vector, 3)))).doesNotContain(VectorId.of(id));
      }
    }
  }

  @Test
  void findsAsManyAsThereAre() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      songs.delete(IntStream.range(5, COUNT).mapToObj(VectorId::of).toList());
      Query query = queries(songs.spec()).getFirst();
      assertThat(ids(songs.search(query)))
          .containsExactlyElementsOf(ids(songs.search(query.exact(true))))
          .hasSize(5);
    }
  }

  @Test
  void anOlderViewFindsWhatDiedSince() {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      Query query = queries(songs.spec()).getFirst();
      List<VectorId> before = ids(songs.search(query));
      try (CollectionView view = songs.view()) {
        songs.delete(before);
        songs.compact(true, Progress.NONE);
        songs.buildIndex();
        assertThat(ids(view.search(query))).isEqualTo(before);
      }
      assertThat(ids(songs.search(query))).doesNotContainAnyElementsOf(before).hasSize(10);
    }
  }

  // The same answer --------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {BYTES, BITS})
  void answersTheSameAfterARestartAndOnAnyNumberOfThreads(int dimension) {
    List<Query> queries = new ArrayList<>();
    List<List<Hit>> answers = new ArrayList<>();
    String generation;
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(dimension));
      upsert(songs, COUNT, COUNT + 50); // and some that are not indexed
      queries.addAll(queries(songs.spec()));
      queries.forEach(query -> answers.add(songs.search(query).hits()));
      generation = songs.search(queries.getFirst()).generation();
    }
    for (int threads = 1; threads <= 3; threads++) {
      try (SoniDb db = open(threads)) {
        Collection songs = db.collection("songs");
        List<SearchResult> together = songs.search(queries);
        for (int i = 0; i < queries.size(); i++) {
          SearchResult alone = songs.search(queries.get(i));
          assertThat(alone.generation()).isEqualTo(generation);
          assertThat(alone.hits()).isEqualTo(answers.get(i));
          assertThat(together.get(i).hits()).isEqualTo(answers.get(i));
        }
      }
    }
  }

  // Change -----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {BYTES, BITS})
  void keepsItsRecallWhenHalfIsDeletedAndInsertedAgain(int dimension) {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(dimension));
      List<Query> queries = queries(songs.spec());
      final double before = recall(songs, queries);
      for (int id = 0; id < COUNT; id += 2) {
        songs.delete(Integer.toString(id));
      }
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(before - 0.005);
      for (int id = 0; id < COUNT; id += 2) {
        upsert(songs, id, id + 1);
      }
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(before - 0.005);
      songs.buildIndex();
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(before - 0.005);
      songs.compact(false, Progress.NONE);
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(before - 0.005);
      assertThat(songs.search(queries.getFirst()).exact()).isFalse();
    }
  }

  @Test
  void mergesManyPartsIntoFew() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", spec(BYTES));
      for (int i = 0; i < 9; i++) {
        upsert(songs, i * LEAST, (i + 1) * LEAST);
        songs.buildIndex();
      }
      assertThat(songs.stats().search().linked()).isEqualTo(9 * LEAST);
      assertThat(parts()).hasSizeLessThan(5);
      List<Query> queries = queries(songs.spec());
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(0.98);
    }
  }

  @Test
  void whatIsPurgedIsInNoPart() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      List<Path> before = parts();
      assertThat(before).isNotEmpty();
      songs.delete("7");
      songs.compact(true, Progress.NONE);
      assertThat(parts()).doesNotContainAnyElementsOf(before);
      songs.buildIndex();
      assertThat(songs.stats().search().linked()).isEqualTo(COUNT - 1);
      db.drop("songs");
      try (Stream<Path> left = Files.list(data.resolve("collections"))) {
        assertThat(left).isEmpty();
      }
    }
  }

  @Test
  void isMadeAgainByAFullRebuild() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      List<Query> queries = queries(songs.spec());
      List<Path> before = parts();
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      assertThat(parts()).isEqualTo(before); // the same vectors give the same bytes
      assertThat(songs.search(queries.getFirst()).exact()).isFalse();
    }
  }

  @Test
  void snapshotsDoWithoutIt(@TempDir Path elsewhere) {
    Path backup = elsewhere.resolve("backup");
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      songs.snapshot(backup, Progress.NONE);
      songs.delete("7");
      songs.snapshot(backup, Progress.NONE);
      Query query = queries(songs.spec()).getFirst();
      try (SoniDb copy = SoniDb.open(backup, options(2, BY_HAND))) {
        assertThat(ids(copy.collection("songs").search(query)))
            .isEqualTo(ids(songs.search(query.exact(true))));
      }
      songs.snapshot(backup, Progress.NONE);
    }
  }

  // Filters ----------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(
      value = Metric.class,
      names = {"COSINE", "EUCLID"})
  void findsKWheneverKMatch(Metric metric) {
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", spec(BYTES).metric(metric));
      songs.createPayloadIndex("n", FieldType.INTEGER);
      int count = 12_000;
      for (int from = 0; from < count; from += 3000) {
        upsert(songs, from, from + 3000);
      }
      songs.buildIndex();
      // One by one, by codes, and by the graph with what may be found.
      for (int matches : new int[] {3, 250, 4000, 9000}) {
        Filter filter =
            Filter.parse("{\"must\":[{\"key\":\"n\",\"range\":{\"lt\":%d}}]}".formatted(matches));
        List<Query> queries =
            queries(songs.spec()).stream().map(query -> query.filter(filter)).toList();
        assertThat(recall(songs, queries))
            .as(matches + " match; " + Seeds.again(seed))
            .isGreaterThan(0.97);
        SearchResult result = songs.search(queries.getFirst());
        assertThat(result.filtering().matched()).isEqualTo(matches);
        assertThat(result.hits()).hasSize(Math.min(10, matches));
        assertThat(result.exact()).isEqualTo(matches <= 150);
      }
    }
  }

  // Damage -----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"flipped", "cut", "empty", "foreign", "renamed", "missing"})
  void aPartThatIsNotWholeIsMadeAgain(String damage) throws IOException {
    List<Query> queries = new ArrayList<>();
    List<List<VectorId>> exact = new ArrayList<>();
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BITS));
      queries.addAll(queries(songs.spec()));
      queries.forEach(query -> exact.add(ids(songs.search(query.exact(true)))));
    }
    Path part = parts().getFirst();
    harm(part, damage);
    try (SoniDb db = open(2)) {
      Collection songs = db.collection("songs");
      for (int i = 0; i < queries.size(); i++) {
        SearchResult result = songs.search(queries.get(i));
        assertThat(ids(result)).isEqualTo(exact.get(i));
        assertThat(result.exact()).isTrue();
      }
      songs.buildIndex();
      assertThat(parts()).containsExactly(part);
      assertThat(songs.verifyIntegrity().ok()).isTrue();
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(0.97);
    }
  }

  private void harm(Path part, String damage) throws IOException {
    byte[] bytes = Files.readAllBytes(part);
    switch (damage) {
      case "flipped" -> {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        Files.write(part, bytes);
      }
      case "cut" -> Files.write(part, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      case "empty" -> Files.write(part, new byte[0]);
      case "foreign" -> {
        Path other = data.resolve("other");
        try (SoniDb db = SoniDb.open(other, options(2, BY_HAND))) {
          fill(db, spec(BITS));
        }
        try (Stream<Path> files = Files.list(SmallSegments.folderIn(other))) {
          Path theirs =
              files.filter(file -> file.toString().endsWith(".part")).findFirst().orElseThrow();
          Files.delete(part);
          Files.copy(theirs, part.resolveSibling(theirs.getFileName()));
        }
      }
      case "renamed" -> Files.move(part, part.resolveSibling("search-1-9-00000000.part"));
      default -> Files.delete(part);
    }
  }

  @Test
  void verifyNamesADamagedPart() throws IOException {
    try (SoniDb db = open(2)) {
      Collection songs = fill(db, spec(BYTES));
      assertThat(songs.verifyIntegrity().ok()).isTrue();
      Path part = parts().getFirst();
      byte[] bytes = Files.readAllBytes(part);
      bytes[bytes.length / 2] ^= 1;
      // Beside the mapping, which goes on with what it has.
      Path other = part.resolveSibling("other");
      Files.write(other, bytes, StandardOpenOption.CREATE_NEW);
      Files.move(other, part, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertThat(songs.verifyIntegrity().damaged())
          .extracting(Damage::file)
          .containsExactly(String.valueOf(part.getFileName()));
    }
  }

  @Test
  void aPartOfNumbersThatWereGivenAgainIsNotUsed() throws IOException {
    Path kept = data.resolve("kept");
    try (SoniDb db = open(2)) {
      Collection songs = db.create("songs", spec(BYTES));
      upsert(songs, 0, 10);
    }
    copy(data.resolve("collections"), kept);
    try (SoniDb db = open(2)) {
      Collection songs = db.collection("songs");
      upsert(songs, 10, COUNT);
      songs.buildIndex();
    }
    Path part = parts().getFirst();
    byte[] bytes = Files.readAllBytes(part);
    FileStorage.INSTANCE.deleteAll(data.resolve("collections"));
    copy(kept, data.resolve("collections"));
    try (SoniDb db = open(2)) {
      upsert(db.collection("songs"), 10, COUNT + 100);
    }
    Files.write(part, bytes);
    try (SoniDb db = open(2)) {
      assertThat(db.collection("songs").stats().search().parts()).isZero();
      assertThat(parts()).isEmpty();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Files.copy(each, to.resolve(from.relativize(each).toString()));
      }
    }
  }

  @Test
  void aCrashWhileAPartIsWrittenLeavesAWholeOneOrNone() throws IOException {
    Path folder = Path.of("/db");
    ForgetfulStorage written = new ForgetfulStorage(seed);
    written.createFolders(folder);
    List<Query> queries;
    List<List<VectorId>> exact;
    try (SoniDb db = SoniDb.open(written, folder, Optional.empty(), options(1, BY_HAND))) {
      Collection songs = db.create("songs", spec(BYTES));
      upsert(songs, 0, LEAST);
      queries = queries(songs.spec()).subList(0, 5);
      exact = queries.stream().map(query -> ids(songs.search(query))).toList();
    }
    boolean wentThrough = false;
    for (int steps = 1; !wentThrough; steps++) {
      ForgetfulStorage storage = written.copy();
      try (SoniDb db = SoniDb.open(storage, folder, Optional.empty(), options(1, BY_HAND))) {
        storage.powerOffAt(storage.operations() + steps);
        db.collection("songs").buildIndex();
      } catch (SoniDbException powerFailed) {
        assertThat(storage.isOff()).isTrue();
      }
      wentThrough = !storage.isOff();
      ForgetfulStorage after = storage.powerLoss(seed + steps);
      try (SoniDb db = SoniDb.open(after, folder, Optional.empty(), options(1, BY_HAND))) {
        Collection songs = db.collection("songs");
        for (int round = 0; round < 2; round++) {
          for (int i = 0; i < queries.size(); i++) {
            assertThat(ids(songs.search(queries.get(i))))
                .as("power lost at operation " + steps + "; " + Seeds.again(seed))
                .isEqualTo(exact.get(i));
          }
          songs.buildIndex();
        }
        assertThat(songs.stats().search().linked()).isEqualTo(LEAST);
      }
    }
  }

  // By itself --------------------------------------------------------------------------------

  @Test
  void isMadeBehindTheWritersWhileOthersSearch() throws InterruptedException {
    Indexing bySelf = new Indexing(true, LEAST, 4L * LEAST);
    try (SoniDb db = SoniDb.open(data, options(2, bySelf))) {
      Collection songs = db.create("songs", spec(BYTES).durability(Durability.FSYNC));
      AtomicBoolean over = new AtomicBoolean();
      List<Throwable> failures = new ArrayList<>();
      Random other = Seeds.random(seed + 1);
      Thread searcher =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (!over.get()) {
                    search(songs, other);
                  }
                } catch (RuntimeException | AssertionError e) {
                  failures.add(e);
                }
              });
      for (int from = 0; from < 6000; from += 100) {
        upsert(songs, from % 4000, from % 4000 + 100);
        songs.delete(Integer.toString(from % 4000));
      }
      over.set(true);
      searcher.join();
      assertThat(failures).isEmpty();
      upsert(songs, 0, 1); // a delete at the end would be nothing to index
      songs.buildIndex();
      CollectionStats.SearchIndex index = songs.stats().search();
      assertThat(index.linked() + index.coded()).isBetween(songs.count(), 6001L);
      assertThat(index.backlog()).isZero();
      List<Query> queries = queries(songs.spec());
      assertThat(recall(songs, queries)).as(Seeds.again(seed)).isGreaterThan(0.97);
    }
  }

  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void deletesDoNotWaitForEverForABacklogOfDeletes() {
    Indexing bySelf = new Indexing(true, LEAST, 2L * LEAST);
    try (SoniDb db = SoniDb.open(data, options(2, bySelf))) {
      Collection songs = db.create("songs", spec(BYTES).durability(Durability.FSYNC));
      upsert(songs, 0, 5 * LEAST);
      for (int i = 0; i < 4 * LEAST; i++) {
        songs.delete(Integer.toString(i));
      }
      assertThat(songs.count()).isEqualTo(LEAST);
    }
  }

  private static void search(Collection songs, Random other) {
    float[] query = new float[BYTES];
    for (int i = 0; i < BYTES; i++) {
      query[i] = (float) other.nextGaussian();
    }
    try (CollectionView view = songs.view()) {
      List<Hit> hits = view.search(Query.nearest(query, 10)).hits();
      assertThat(hits).extracting(Hit::id).doesNotHaveDuplicates();
      assertThat(hits.size()).isEqualTo((int) Math.min(10, view.count()));
    }
  }

  // Any life ---------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whateverHappensItFindsWhatComparingAllFinds(long life) {
    Random chance = Seeds.random(Seeds.seed(life));
    SoniDb db = open(2);
    try {
      db.create("songs", spec(BYTES));
      for (int step = 0; step < 60; step++) {
        Collection songs = db.collection("songs");
        int at = chance.nextInt(1500);
        switch (chance.nextInt(8)) {
          case 0, 1, 2 -> upsert(songs, at, at + 1 + chance.nextInt(200));
          case 3 ->
              songs.delete(
                  IntStream.range(at, at + 1 + chance.nextInt(100))
                      .mapToObj(VectorId::of)
                      .toList());
          case 4 -> songs.setPayload(List.of(VectorId.of(at)), Payload.ofJson("{\"x\":1}"));
          case 5 -> songs.buildIndex();
          case 6 -> songs.compact(chance.nextInt(3) == 0, Progress.NONE);
          default -> {
            db.close();
            db = open(1 + chance.nextInt(2));
          }
        }
        check(db.collection("songs"), step, life);
      }
    } finally {
      db.close();
    }
  }

  private void check(Collection songs, int step, long life) {
    Query query = queries(songs.spec()).getFirst().ef(2000);
    SearchResult found = songs.search(query);
    assertThat(found.hits())
        .as("step " + step + " of life " + life + "; " + Seeds.again(life))
        .isEqualTo(songs.search(query.exact(true)).hits());
  }
}
