package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Listener;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a collection that rounds its vectors holds, through everything that happens to one.
class QuantisedCollectionTest {
  private static final int DIMENSION = 64;
  private static final CollectionSpec SPEC =
      CollectionSpec.dimension(DIMENSION)
          .quantize(Quantisation.BITS_5)
          .durability(Durability.OS)
          .segmentBytes(1 << 20);

  @TempDir Path folder;
  private final Random random = new Random(7);
  private final Map<VectorId, Vector> wanted = new HashMap<>();

  private SoniDb open(String name) {
    return SoniDb.open(folder.resolve(name));
  }

  private Vector exact() {
    float[] components = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      components[i] = (float) random.nextGaussian();
    }
    return Vector.sharing(components);
  }

  /// Inserts vectors of new numbers, and remembers what is to be stored.
  private List<Point> insert(Collection songs, int from, int to) {
    List<Point> points = new ArrayList<>();
    for (int id = from; id < to; id++) {
      points.add(Point.of(VectorId.of(id), exact()));
    }
    songs.upsert(points);
    for (Point point : points) {
      wanted.put(point.id(), songs.spec().quantize().round(point.vector()));
    }
    return points;
  }

  private void holdsWhatIsWanted(Collection songs) {
    assertThat(songs.count()).isEqualTo(wanted.size());
    wanted.forEach(
        (id, vector) -> assertThat(songs.get(id).orElseThrow().vector()).isEqualTo(vector));
    assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
  }

  @Test
  void storesTheNearestMultiplesAndGivesThemBackBitForBit() {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      List<Point> exact = insert(songs, 0, 500);
      holdsWhatIsWanted(songs);
      for (Point point : exact) {
        Vector stored = songs.get(point.id()).orElseThrow().vector();
        assertThat(stored).isNotEqualTo(point.vector());
        assertThat(Quantisation.BITS_5.round(stored)).isEqualTo(stored);
      }
    }
    try (SoniDb db = open("a")) {
      assertThat(db.collection("songs").spec()).isEqualTo(SPEC);
      holdsWhatIsWanted(db.collection("songs"));
      db.collection("songs").buildIndex();
      holdsWhatIsWanted(db.collection("songs"));
    }
  }

  @Test
  void takesAThirdOfTheExactBytes() {
    try (SoniDb db = open("a")) {
      Collection exact = db.create("exact", SPEC.quantize(Quantisation.NONE));
      Collection rounded = db.create("rounded", SPEC);
      insert(exact, 0, 200);
      insert(rounded, 0, 200);
      assertThat(rounded.stats().bytesPerVector())
          .isLessThan(0.42 * exact.stats().bytesPerVector());
    }
  }

  @Test
  void losesNothingMoreInCompaction() {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      insert(songs, 0, 300);
      insert(songs, 100, 200);
      songs.buildIndex();
      songs.compact(true, Progress.NONE);
      holdsWhatIsWanted(songs);
    }
  }

  @Test
  void losesNothingMoreInSnapshotAndRestore() {
    Optional<RoundingReport> rounding;
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      insert(songs, 0, 300);
      songs.snapshot(folder.resolve("backup"), Progress.NONE);
    }
    try (SoniDb db = open("a")) { // measured when it was closed
      Collection songs = db.collection("songs");
      rounding = songs.stats().rounding();
      assertThat(rounding).isPresent();
      insert(songs, 300, 301);
      songs.snapshot(folder.resolve("backup"), Progress.NONE);
    }
    try (SoniDb db = open("b")) {
      db.restore(folder.resolve("backup"), Progress.NONE);
      Collection restored = db.collection("songs");
      assertThat(restored.spec()).isEqualTo(SPEC);
      holdsWhatIsWanted(restored);
      assertThat(restored.stats().rounding()).isEqualTo(rounding);
    }
  }

  @Test
  void losesNothingMoreWhenImportedIntoAnotherOne() {
    try (SoniDb db = open("a")) {
      insert(db.create("songs", SPEC), 0, 300);
      Collection copy = db.create("copy", SPEC);
      copy.importFrom(db.collection("songs"), Progress.NONE);
      holdsWhatIsWanted(copy);
      Collection finer = db.create("finer", SPEC.quantize(Quantisation.BITS_8));
      finer.importFrom(db.collection("songs"), Progress.NONE);
      holdsWhatIsWanted(finer);
    }
    try (SoniDb db = open("b")) {
      db.importFrom(folder.resolve("a"), "songs", "songs", Progress.NONE);
      assertThat(db.collection("songs").spec()).isEqualTo(SPEC);
      holdsWhatIsWanted(db.collection("songs"));
    }
  }

  @Test
  void roundsExactVectorsThatAreImported() {
    try (SoniDb db = open("a")) {
      Collection exact = db.create("exact", SPEC.quantize(Quantisation.NONE));
      insert(exact, 0, 100);
      wanted.replaceAll((id, vector) -> Quantisation.BITS_5.round(vector));
      Collection rounded = db.create("rounded", SPEC);
      rounded.importFrom(exact, Progress.NONE);
      holdsWhatIsWanted(rounded);
    }
  }

  @Test
  void isHeardInItsOwnAudio() throws IOException {
    Map<VectorId, Vector> heard = new HashMap<>();
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      insert(songs, 0, 50);
      try (InputStream flac = songs.stream(1, false)) {
        Listener.listen(
            new ByteArrayInputStream(flac.readAllBytes()),
            (record, firstSample) -> heard.put(record.id(), record.vector()));
      }
    }
    assertThat(heard).isEqualTo(wanted);
  }

  @Test
  void comesBackFromTheTagsWhenTheManifestIsLost() throws IOException {
    try (SoniDb db = open("a")) {
      insert(db.create("songs", SPEC), 0, 100);
    }
    try (Stream<Path> files = Files.walk(folder.resolve("a"))) {
      for (Path file : files.filter(file -> file.endsWith("collection.json")).toList()) {
        Files.delete(file);
      }
    }
    try (SoniDb db = open("a")) {
      Collection songs = db.collection("songs");
      assertThat(songs.spec().quantize()).isEqualTo(Quantisation.BITS_5);
      assertThat(songs.stats().rounding()).isEmpty();
      holdsWhatIsWanted(songs);
      insert(songs, 100, 200);
      holdsWhatIsWanted(songs);
      assertThat(songs.stats().rounding()).isPresent();
    }
  }

  @Test
  void roundsDoublesAndNumbersBeyondItsSteps() {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      double[] doubles = random.doubles(DIMENSION, -1, 1).toArray();
      songs.upsert("1", doubles);
      Vector stored = songs.get("1").orElseThrow().vector();
      for (int i = 0; i < DIMENSION; i++) {
        assertThat(stored.doubleAt(i) - doubles[i]).isBetween(-0.04, 0.04);
      }
      doubles[5] = 1e60;
      assertThatThrownBy(() -> songs.upsert("2", doubles))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("component 5 is 1.0E60");
      assertThat(songs.count()).isEqualTo(1);
    }
  }

  @Test
  void refusesWhatHasNoNearestStepBeforeAnythingIsWritten() {
    try (SoniDb db = open("a")) {
      for (Metric metric : Metric.values()) {
        Collection songs = db.create(metric.toString(), SPEC.metric(metric));
        float[] components = exact().floats().clone();
        components[3] = Float.NaN;
        assertThatThrownBy(() -> songs.upsert("id", components))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("vector id: component 3 is NaN");
        assertThat(songs.lastSequence()).isZero();
      }
    }
  }

  @Test
  void refusesFloat64() {
    assertThatThrownBy(() -> SPEC.element(ElementType.FLOAT64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("float32");
  }

  @Test
  void roundsFromAnAlterationOnAndLeavesWhatIsThere() {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC.quantize(Quantisation.NONE));
      insert(songs, 0, 100);
      songs.alter(SPEC, Progress.NONE);
      insert(songs, 100, 200);
      holdsWhatIsWanted(songs);
      assertThat(songs.stats().rounding().orElseThrow().sample()).isEqualTo(100);
      songs.alter(SPEC.quantize(Quantisation.NONE), Progress.NONE);
      assertThat(songs.stats().rounding()).isEmpty();
      insert(songs, 200, 300);
      holdsWhatIsWanted(songs);
    }
    try (SoniDb db = open("a")) {
      holdsWhatIsWanted(db.collection("songs"));
    }
  }

  // What is measured -------------------------------------------------------------------------

  private static RoundingReport rounding(Collection songs) {
    return songs.stats().rounding().orElseThrow();
  }

  @Test
  void tellsWhatRoundingDoesAndKeepsIt() {
    RoundingReport before;
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      assertThat(songs.stats().rounding()).isEmpty();
      insert(songs, 0, 400);
      before = rounding(songs);
      assertThat(before.sample()).isEqualTo(400);
      assertThat(before.step()).isBetween(1 / 7.5, 1 / 5.8);
      assertThat(before.maxError()).isBetween(before.step() / 2.2, before.step() / 1.4);
      assertThat(before.rmsError()).isBetween(before.step() / 3.8, before.step() / 3.2);
      assertThat(before.relativeError()).isBetween(0.03, 0.05);
      assertThat(before.recallAt10().orElseThrow()).isBetween(0.8, 0.999);
    }
    try (SoniDb db = open("a")) {
      Collection songs = db.collection("songs");
      assertThat(rounding(songs)).isEqualTo(before);
      insert(songs, 400, 500); // fewer than are known about
      assertThat(rounding(songs)).isEqualTo(before);
    }
    try (SoniDb db = open("a")) {
      assertThat(rounding(db.collection("songs"))).isEqualTo(before);
    }
  }

  @Test
  void measuresInTheBackgroundWhenTheSampleIsFull() throws Exception {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      insert(songs, 0, 1500);
      insert(songs, 1500, 3000);
      for (int tries = 0; tries < 1000 && !manifest("a").contains("\"quantize_sample\""); tries++) {
        Thread.sleep(10);
      }
      assertThat(rounding(songs).sample()).isEqualTo(2000);
    }
    assertThat(manifest("a"))
        .contains(
            "\"quantize\" : \"5\"", "\"quantize_sample\" : 2000", "\"quantize_recall_at_10\"");
  }

  private String manifest(String name) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve(name))) {
      return Files.readString(
          files.filter(file -> file.endsWith("collection.json")).findAny().orElseThrow());
    }
  }

  @Test
  void tellsNoRecallOfAHandfulOfVectors() {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      insert(songs, 0, 10);
      assertThat(rounding(songs).sample()).isEqualTo(10);
      assertThat(rounding(songs).recallAt10()).isEmpty();
      insert(songs, 10, 11);
      assertThat(rounding(songs).recallAt10()).hasValue(1);
    }
  }

  @Test
  void forgetsWhatItMeasuredByAnotherMetric() {
    try (SoniDb db = open("a")) {
      Collection songs = db.create("songs", SPEC);
      insert(songs, 0, 100);
    }
    try (SoniDb db = open("a")) {
      Collection songs = db.collection("songs");
      songs.alter(SPEC.metric(Metric.DOT), Progress.NONE);
      assertThat(songs.stats().rounding()).isEmpty();
      insert(songs, 100, 150);
      assertThat(rounding(songs).sample()).isEqualTo(50);
    }
  }

  @Test
  void knowsNothingMoreAfterACrashAndMeasuresAnew() throws IOException {
    ForgetfulStorage storage = new ForgetfulStorage(1);
    SoniDb crashed = openOn(storage);
    insert(crashed.create("songs", SPEC.durability(Durability.FSYNC)), 0, 100);
    ForgetfulStorage left = storage.kill();
    assertThatThrownBy(crashed::close).isInstanceOf(StorageException.class);
    try (SoniDb db = openOn(left)) {
      Collection songs = db.collection("songs");
      holdsWhatIsWanted(songs);
      assertThat(songs.stats().rounding()).isEmpty();
      insert(songs, 100, 120);
      assertThat(rounding(songs).sample()).isEqualTo(20);
    }
  }

  private static SoniDb openOn(ForgetfulStorage storage) throws IOException {
    Path data = Path.of("/db");
    storage.createFolders(data);
    return SoniDb.open(storage, data, Optional.empty(), new SoniDbOptions(1));
  }
}
