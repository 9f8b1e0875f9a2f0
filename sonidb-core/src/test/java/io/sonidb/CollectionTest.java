package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CollectionTest {
  private static final int DIMENSION = 24;

  @TempDir Path folder;

  private static CollectionSpec spec() {
    return CollectionSpec.dimension(DIMENSION).segmentBytes(1 << 20);
  }

  private static Vector vector(long seed) {
    Random random = new Random(seed);
    float[] values = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  private static List<Point> points(int from, int to) {
    List<Point> points = new ArrayList<>();
    for (int i = from; i < to; i++) {
      points.add(Point.of(VectorId.of(i), vector(i)));
    }
    return points;
  }

  @Test
  void refusesVectorOfWrongDimension() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      assertThatThrownBy(() -> songs.upsert("7", new float[] {1, 2}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("vector 7 has dimension 2, the collection 24");
      assertThat(songs.count()).isZero();
    }
  }

  @Test
  void refusesZeroVectorsAndNanWhereTheMetricIsCosine() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      float[] nan = vector(1).floats().clone();
      nan[3] = Float.NaN;
      assertThatThrownBy(() -> songs.upsert("a", nan))
          .hasMessageContaining("component 3 is NaN")
          .hasMessageContaining("cosine");
      assertThatThrownBy(() -> songs.upsert("a", new float[DIMENSION]))
          .hasMessageContaining("all zeros");
      Collection free = db.create("free", spec().metric(Metric.EUCLID));
      free.upsert("a", nan);
      assertThat(free.get("a").orElseThrow().vector()).isEqualTo(Vector.of(nan));
    }
  }

  @Test
  void refusesDoublesThatAreNoFloatsInAFloatCollection() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", CollectionSpec.dimension(2));
      assertThatThrownBy(() -> songs.upsert("a", new double[] {0.5, 0.1}))
          .hasMessageContaining("component 1 is 0.1, which is no float32");
      Collection wide = db.create("wide", CollectionSpec.dimension(2).element(ElementType.FLOAT64));
      wide.upsert("a", new double[] {0.5, 0.1});
      assertThat(wide.get("a").orElseThrow().vector()).isEqualTo(Vector.of(0.5, 0.1));
    }
  }

  @Test
  void keepsNothingOfABatchThatHoldsOneBadVector() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      List<Point> batch = new ArrayList<>(points(0, 10));
      batch.add(Point.of("10", new float[3]));
      assertThatThrownBy(() -> songs.upsert(batch)).isInstanceOf(IllegalArgumentException.class);
      assertThat(songs.count()).isZero();
      assertThat(songs.lastSequence()).isZero();
    }
  }

  @Test
  void lastOfTwoPointsWithOneIdCountsInABatch() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      songs.upsert(
          List.of(
              Point.of(VectorId.of(1), vector(1)),
              Point.of(VectorId.of(2), vector(2)),
              Point.of(VectorId.of(1), vector(3))));
      assertThat(songs.count()).isEqualTo(2);
      assertThat(songs.get("1").orElseThrow().vector()).isEqualTo(vector(3));
    }
  }

  @Test
  void givesBackEveryBitAfterReopeningOverManySegments() {
    int count = 20_000;
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      for (int from = 0; from < count; from += 1000) {
        songs.upsert(points(from, from + 1000));
      }
      songs.upsert(VectorId.of(5), vector(-5), Payload.ofJson("{\"title\":\"five\"}"));
      assertThat(songs.delete("6")).isTrue();
      assertThat(songs.delete("6")).isFalse();
      assertContents(songs, count);
    }
    try (SoniDb db = SoniDb.open(folder)) {
      assertThat(db.warnings()).isEmpty();
      Collection songs = db.collection("songs");
      assertThat(songs.stats().segments()).isGreaterThan(1);
      assertContents(songs, count);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      assertContents(songs, count);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
  }

  private static void assertContents(Collection songs, int count) {
    assertThat(songs.count()).isEqualTo(count - 1);
    for (int i = 0; i < count; i += 7) {
      if (i != 6) {
        assertThat(songs.get(VectorId.of(i)).orElseThrow().vector())
            .isEqualTo(vector(i == 5 ? -5 : i));
      }
    }
    assertThat(songs.get("5").orElseThrow().payload().toJson()).isEqualTo("{\"title\":\"five\"}");
    assertThat(songs.get("6")).isEmpty();
    long next = 0;
    try (PointCursor cursor = songs.scroll()) {
      while (cursor.hasNext()) {
        next += next == 6 ? 1 : 0;
        assertThat(cursor.next().id()).isEqualTo(VectorId.of(next++));
      }
    }
    assertThat(next).isEqualTo(count);
  }

  @Test
  void stillNamesADamagedVectorAfterItsSegmentIsSealed() throws Exception {
    try (SoniDb db = SoniDb.open(folder)) {
      db.create("songs", spec()).upsert(points(0, 100));
    }
    Path segment;
    try (var files = Files.walk(folder)) {
      segment = files.filter(file -> file.toString().endsWith(".flac")).findAny().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[bytes.length / 2] ^= 4;
    Files.write(segment, bytes);
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.collection("songs");
      List<Damage> before = songs.verifyIntegrity().damaged();
      assertThat(before).singleElement().satisfies(damage -> assertThat(damage.id()).isPresent());
      assertThat(songs.buildIndex().damaged()).isEqualTo(1);
      assertThat(songs.verifyIntegrity().damaged()).isEqualTo(before);
    }
  }

  @Test
  void findsTheNearestVectorsExactly() {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      songs.upsert(points(0, 3000));
      SearchResult result = songs.search(Query.nearest(vector(77), 5));
      assertThat(result.hits()).hasSize(5);
      assertThat(result.hits().getFirst().id()).isEqualTo(VectorId.of(77));
      assertThat(result.hits().getFirst().score())
          .isCloseTo(1, org.assertj.core.data.Offset.offset(1e-6));
      assertThat(songs.search(Query.nearest(VectorId.of(77), 4)).hits())
          .isEqualTo(result.hits().subList(1, 5));
    }
  }

  @Test
  void tellsEveryChangeInOrderFromHistoryToLive() throws Exception {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      songs.upsert(points(0, 5));
      songs.delete("3");
      try (Subscription changes = songs.subscribe(2)) {
        List<Long> seen = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          seen.add(changes.next(Duration.ZERO).orElseThrow().sequence());
        }
        assertThat(seen).containsExactly(2L, 3L, 4L, 5L, 6L);
        assertThat(changes.next(Duration.ZERO)).isEqualTo(Optional.empty());
        songs.upsert(points(9, 10));
        assertThat(changes.next(Duration.ofSeconds(10)))
            .hasValueSatisfying(change -> assertThat(change).isInstanceOf(Change.Upserted.class));
      }
    }
  }

  @Test
  void tellsLiveChangesAcrossSegmentsWithoutAGap() throws Exception {
    int count = 30_000;
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      songs.upsert(points(0, 1));
      try (Subscription changes = songs.subscribe(1)) {
        Thread writer =
            Thread.ofVirtual()
                .start(() -> {
                  for (int from = 1; from < count; from += 100) {
                    songs.upsert(points(from, Math.min(count, from + 100)));
                  }
                });
        for (long expected = 1; expected <= count; expected++) {
          assertThat(changes.next(Duration.ofSeconds(30)).orElseThrow().sequence())
              .isEqualTo(expected);
        }
        writer.join();
      }
      assertThat(songs.stats().segments()).isGreaterThan(3);
    }
  }

  @Test
  void canSearchInsideAScan() {
    try (SoniDb db = SoniDb.open(folder, new SoniDbOptions(1))) {
      Collection songs = db.create("songs", spec());
      songs.upsert(points(0, 50));
      long scanned =
          songs.scan((id, vector) ->
              assertThat(songs.search(Query.nearest(vector, 1)).hits().getFirst().id())
                  .isEqualTo(id));
      assertThat(scanned).isEqualTo(50);
    }
  }

  @Test
  void readsWhatIsLeftWhenASegmentIsMissing() throws Exception {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      songs.upsert(points(0, 10));
      songs.buildIndex();
      songs.upsert(points(10, 20));
      songs.buildIndex();
    }
    try (var files = Files.walk(folder)) {
      Files.delete(
          files.filter(file -> file.endsWith("0001-00000001.flac")).findAny().orElseThrow());
    }
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.collection("songs");
      assertThat(db.warnings()).anyMatch(warning -> warning.contains("the file is missing"));
      assertThatThrownBy(() -> songs.get("3")).isInstanceOf(DamagedRecordException.class);
      assertThat(songs.get("13").orElseThrow().vector()).isEqualTo(vector(13));
      SearchResult result = songs.search(Query.nearest(vector(13), 20));
      assertThat(result.hits()).hasSize(10);
      assertThat(result.damaged()).hasSize(10);
      assertThat(songs.verifyIntegrity().ok()).isFalse();
    }
  }
}
