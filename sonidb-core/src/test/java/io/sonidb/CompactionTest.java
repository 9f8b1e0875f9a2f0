package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompactionTest {
  private static final int DIMENSION = 16;
  private static final CollectionSpec SPEC =
      CollectionSpec.dimension(DIMENSION).durability(Durability.OS).segmentBytes(1 << 20);

  @TempDir Path data;
  private final Map<VectorId, float[]> expected = new HashMap<>();
  private int writes;

  @BeforeEach
  void forget() {
    expected.clear();
  }

  private float[] vector() {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) Math.sin(++writes * 0.37 + i);
    }
    return vector;
  }

  private void upsert(Collection songs, int from, int to) {
    List<Point> batch = new ArrayList<>();
    for (int id = from; id < to; id++) {
      float[] vector = vector();
      expected.put(VectorId.of(id), vector);
      batch.add(Point.of(Integer.toString(id), vector));
    }
    songs.upsert(batch);
  }

  private void delete(Collection songs, int from, int to) {
    List<VectorId> ids = new ArrayList<>();
    for (int id = from; id < to; id++) {
      ids.add(VectorId.of(id));
      expected.remove(VectorId.of(id));
    }
    songs.delete(ids);
  }

  private void assertHoldsWhatWasWritten(Collection songs) {
    assertThat(songs.count()).isEqualTo(expected.size());
    assertHolds(songs.scroll(), expected);
    expected.forEach((id, vector) ->
        assertThat(songs.get(id).orElseThrow().vector().floats()).isEqualTo(vector));
  }

  private static void assertHolds(PointCursor cursor, Map<VectorId, float[]> vectors) {
    Set<VectorId> met = new HashSet<>();
    try (cursor) {
      while (cursor.hasNext()) {
        Point point = cursor.next();
        assertThat(met.add(point.id())).as("first time of %s", point.id()).isTrue();
        assertThat(point.vector().floats()).isEqualTo(vectors.get(point.id()));
      }
    }
    assertThat(met).isEqualTo(vectors.keySet());
  }

  private static long segments(Collection songs) {
    return songs.engine().log().segments().stream().filter(Segment::isSealed).count();
  }

  private Path folder() throws IOException {
    try (Stream<Path> folders = Files.list(data.resolve("collections"))) {
      return folders.findFirst().orElseThrow();
    }
  }

  private List<Path> files(String ending) throws IOException {
    try (Stream<Path> files = Files.list(folder().resolve("segments"))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  @Test
  void givesSpaceBackAndKeepsEveryVector() {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      for (int round = 0; round < 12; round++) {
        upsert(songs, 0, 4000);
      }
      delete(songs, 100, 300);
      songs.buildIndex();
      songs.compact(false, Progress.NONE);
      assertThat(songs.stats().spaceAmplification()).isLessThan(1.5);
      assertHoldsWhatWasWritten(songs);
      IntegrityReport report = songs.verifyIntegrity(true, Progress.NONE);
      assertThat(report.damaged()).isEmpty();
    }
    try (SoniDb db = SoniDb.open(data)) {
      assertThat(db.warnings()).isEmpty();
      assertHoldsWhatWasWritten(db.collection("songs"));
      db.collection("songs").buildIndex(IndexOptions.FULL, Progress.NONE);
      assertHoldsWhatWasWritten(db.collection("songs"));
    }
  }

  @Test
  void leavesAloneWhatIsSupersededOnlyByWritesThatAPowerLossMayTakeBack() {
    try (SoniDb db = SoniDb.open(data, SoniDbOptions.DEFAULT.compaction(false))) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 3000);
      songs.buildIndex();
      String file = songs.engine().log().segments().getFirst().file();
      upsert(songs, 0, 3000);
      songs.compact(
          false,
          (done, total, what) -> {
            throw new AssertionError("rewrote " + done + " " + what);
          });
      assertThat(songs.engine().log().segments().getFirst().file()).isEqualTo(file);
      songs.buildIndex();
      songs.compact(false, Progress.NONE);
      assertThat(songs.stats().spaceAmplification()).isLessThan(1.01);
      assertHoldsWhatWasWritten(songs);
    }
  }

  @Test
  void showsAViewWhatWasThereWhateverIsCompactedMeanwhile() throws IOException {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 5000);
      Map<VectorId, float[]> then = new HashMap<>(expected);
      try (CollectionView view = songs.view()) {
        upsert(songs, 1000, 9000);
        delete(songs, 0, 500);
        songs.compact(true, Progress.NONE);
        assertHolds(view.scroll(), then);
        assertThat(view.count()).isEqualTo(5000);
        assertThat(view.get(VectorId.of(8000))).isEqualTo(Optional.empty());
        Map<VectorId, float[]> sliced = new HashMap<>();
        for (int part = 0; part < 3; part++) {
          try (PointCursor slice = view.slice(part, 3)) {
            slice.forEachRemaining(
                point -> assertThat(sliced.put(point.id(), point.vector().floats())).isNull());
          }
        }
        assertThat(sliced.keySet()).isEqualTo(then.keySet());
      }
      assertHoldsWhatWasWritten(songs);
      // The view was the last that needed the old files.
      assertThat(files(".flac")).hasSize(songs.engine().log().manifest().segments().size());
    }
  }

  @Test
  void erasesForGoodAndTellsSubscribersToReadAgain() {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 3000);
      long seen = songs.lastSequence();
      delete(songs, 1000, 2000);
      try (Subscription late = songs.subscribe(seen + 1)) {
        songs.compact(true, Progress.NONE);
        assertThatThrownBy(() -> late.next(Duration.ZERO))
            .isInstanceOf(RescanRequiredException.class);
      }
      assertThatThrownBy(() -> songs.subscribe(seen + 1))
          .isInstanceOf(RescanRequiredException.class)
          .hasMessageContaining("read the collection again");
      assertThat(songs.stats().spaceAmplification())
          .isCloseTo(1, org.assertj.core.data.Offset.offset(0.01));
      assertHoldsWhatWasWritten(songs);
      songs.subscribe(songs.lastSequence() + 1).close();
      songs.subscribe(1).close();
    }
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.collection("songs");
      assertThatThrownBy(() -> songs.subscribe(2)).isInstanceOf(RescanRequiredException.class);
      assertThatThrownBy(() -> songs.subscribe(songs.lastSequence() + 2))
          .isInstanceOf(RescanRequiredException.class);
      long before = songs.lastSequence();
      upsert(songs, 0, 1);
      assertThat(songs.lastSequence()).as("no number is given twice").isEqualTo(before + 1);
    }
  }

  @Test
  void keepsADeleteAsLongAsAnOlderSegmentHoldsTheVector() throws IOException {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 1000);
      songs.buildIndex();
      delete(songs, 0, 10);
      upsert(songs, 5000, 6000);
      songs.buildIndex();
      upsert(songs, 5000, 6000);
      songs.buildIndex();
      songs.compact(false, Progress.NONE);
    }
    rebuildFromTheAudio();
    try (SoniDb db = SoniDb.open(data)) {
      assertHoldsWhatWasWritten(db.collection("songs"));
    }
  }

  private void rebuildFromTheAudio() throws IOException {
    Files.delete(folder().resolve("collection.json"));
    Files.deleteIfExists(folder().resolve("directory.bin"));
    for (Path index : files(".idx")) {
      Files.delete(index);
    }
  }

  @Test
  void isNotFooledByAnOldSegmentThatReappears() throws IOException {
    List<Path> old;
    Path kept = Files.createDirectory(data.resolve("kept"));
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 5000);
      songs.buildIndex();
      old = files(".flac");
      for (Path file : old) {
        Files.copy(file, kept.resolve(file.getFileName()));
      }
      delete(songs, 0, 2500);
      upsert(songs, 4000, 6000);
      songs.compact(true, Progress.NONE);
      assertHoldsWhatWasWritten(songs);
    }
    for (boolean manifestLost : new boolean[] {false, true}) {
      for (Path file : old) {
        Files.copy(kept.resolve(file.getFileName()), file);
      }
      if (manifestLost) {
        rebuildFromTheAudio();
      }
      try (SoniDb db = SoniDb.open(data)) {
        assertHoldsWhatWasWritten(db.collection("songs"));
      }
      for (Path file : old) {
        Files.deleteIfExists(file);
      }
    }
  }

  @Test
  void mergesSmallSegments() {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      for (int i = 0; i < 40; i++) {
        upsert(songs, i * 10, i * 10 + 10);
        songs.buildIndex();
      }
      songs.compact(false, Progress.NONE);
      assertThat(segments(songs)).isLessThan(10);
      assertHoldsWhatWasWritten(songs);
    }
  }

  @Test
  void letsASubscriberEndWithWhatIsThere() throws InterruptedException {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 3000);
      Map<VectorId, float[]> copy = new HashMap<>();
      try (Subscription changes = songs.subscribe(1)) {
        for (int i = 0; i < 1000; i++) {
          apply(changes.next(Duration.ZERO).orElseThrow(), copy);
        }
        for (int round = 0; round < 6; round++) {
          upsert(songs, 0, 3000);
        }
        delete(songs, 1500, 1600);
        songs.buildIndex();
        songs.compact(false, Progress.NONE);
        long last = 0;
        for (Optional<Change> change = changes.next(Duration.ZERO);
            change.isPresent();
            change = changes.next(Duration.ZERO)) {
          assertThat(change.get().sequence()).isGreaterThan(last);
          last = change.get().sequence();
          apply(change.get(), copy);
        }
        assertThat(last).isEqualTo(songs.lastSequence());
      }
      assertThat(copy.keySet()).isEqualTo(expected.keySet());
      copy.forEach((id, vector) -> assertThat(vector).isEqualTo(expected.get(id)));
    }
  }

  private static void apply(Change change, Map<VectorId, float[]> copy) {
    switch (change) {
      case Change.Upserted(Point point) -> copy.put(point.id(), point.vector().floats());
      case Change.Deleted(VectorId id, long _) -> copy.remove(id);
      case Change.Expired(VectorId id, long _) -> copy.remove(id);
      case Change.PayloadChanged _ -> {}
      case Change.Lost lost -> throw new AssertionError(lost);
    }
  }

  @Test
  void refusesToAlterWhatTheVectorsAre() {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC);
      assertThatThrownBy(() -> songs.alter(CollectionSpec.dimension(DIMENSION + 1), Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("import it into a new collection");
      assertThatThrownBy(() -> songs.alter(SPEC.element(ElementType.FLOAT64), Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void altersTheMetricOfEverySegment() {
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", SPEC.metric(Metric.COSINE));
      upsert(songs, 0, 5000);
      songs.buildIndex();
      upsert(songs, 5000, 10_000);
      Query query = Query.nearest(Vector.of(vector()), 3);
      double cosine = songs.search(query).hits().getFirst().score();
      AlterReport report = songs.alter(SPEC.metric(Metric.EUCLID), Progress.NONE);
      assertThat(report.segmentsRewritten()).isPositive();
      assertThat(songs.search(query).hits().getFirst().score()).isNotEqualTo(cosine);
      assertThat(songs.stats().outdatedSegments()).isZero();
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      assertHoldsWhatWasWritten(songs);
    }
    try (SoniDb db = SoniDb.open(data)) {
      assertThat(db.warnings()).isEmpty();
      assertThat(db.collection("songs").spec()).isEqualTo(SPEC.metric(Metric.EUCLID));
    }
  }
}
