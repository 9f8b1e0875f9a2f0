package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoreTest {
  private static final int DIMENSION = 64;

  @TempDir Path folder;

  private Map<VectorId, Model.Value> songs = Map.of();
  private Map<VectorId, Model.Value> birds = Map.of();

  private Path backup() {
    return folder.resolve("backup");
  }

  private SoniDb openNew() {
    return SoniDb.open(folder.resolve("new"));
  }

  @BeforeEach
  void takeSnapshots() {
    Random random = new Random(1);
    CollectionSpec spec =
        CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID).segmentBytes(1 << 20);
    try (SoniDb db = SoniDb.open(folder.resolve("db"))) {
      for (String name : List.of("songs", "birds")) {
        Collection collection = db.create(name, spec);
        List<Point> points = new ArrayList<>();
        for (int k = 0; k < 5000; k++) {
          points.add(Point.of(Model.id(1, k), Model.vector(random, DIMENSION)));
        }
        for (int k = 0; k < points.size(); k += 1000) { // each in one segment
          collection.upsert(points.subList(k, k + 1000));
        }
        collection.delete(List.of(Model.id(1, 3)));
        collection.snapshot(backup(), true, Progress.NONE);
      }
      songs = SnapshotTest.contents(db.collection("songs"));
      birds = SnapshotTest.contents(db.collection("birds"));
      db.collections().forEach(name -> db.collection(name).upsert("x", new float[DIMENSION]));
    }
  }

  private static List<Path> files(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }

  private static void assertHolds(SoniDb db, String name, Map<VectorId, Model.Value> values) {
    Model.assertHolds(db.collection(name), values);
    assertThat(db.collection(name).verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
  }

  /// Flips a bit in the middle of the file that sorts last of those with a suffix.
  private Path flip(String suffix) throws IOException {
    Path file = files(backup(), suffix).getLast();
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    return file;
  }

  private void assertNothingIsLeftIn(SoniDb db) throws IOException {
    assertThat(db.collections()).isEmpty();
    try (Stream<Path> left = Files.list(folder.resolve("new/collections"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void refusesFolderThatIsNoSnapshot() {
    try (SoniDb db = openNew()) {
      assertThatThrownBy(() -> db.restore(folder.resolve("nowhere"), Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("there is no data folder");
      assertThat(folder.resolve("nowhere")).doesNotExist();
      assertThatThrownBy(() -> db.restore(folder.resolve("db"), Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("and is no snapshot");
      assertThatThrownBy(() -> db.restore(backup(), "fish", "fish", Progress.NONE))
          .isInstanceOf(CollectionNotFoundException.class)
          .hasMessageContaining("there is no collection fish in");
      assertThat(db.collections()).isEmpty();
    }
  }

  @Test
  void refusesCollectionsThatAreThere() throws IOException {
    try (SoniDb db = openNew()) {
      db.create("birds", CollectionSpec.dimension(2));
      assertThatThrownBy(() -> db.restore(backup(), Progress.NONE))
          .isInstanceOf(CollectionExistsException.class)
          .hasMessageContaining("birds");
      assertThat(db.collections()).containsExactly("birds");
      db.restore(backup(), "songs", "songs", Progress.NONE);
      assertThatThrownBy(() -> db.restore(backup(), "songs", "again", Progress.NONE))
          .isInstanceOf(CollectionExistsException.class)
          .hasMessageContaining("collection songs is the same collection");
      assertThat(db.collections()).containsExactly("birds", "songs");
      assertThat(files(folder.resolve("new"), "collection.json")).hasSize(2);
    }
  }

  @Test
  void refusesSnapshotThatIsOpen() {
    try (SoniDb db = openNew();
        SoniDb other = SoniDb.open(backup())) {
      assertThatThrownBy(() -> db.restore(backup(), Progress.NONE))
          .isInstanceOf(FolderLockedException.class);
      assertThat(other.collections()).hasSize(2);
    }
  }

  @Test
  void leavesNothingBehindWhenASegmentIsDamaged() throws IOException {
    Path damaged = flip(".flac");
    try (SoniDb db = openNew()) {
      assertThatThrownBy(() -> db.restore(backup(), Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("segments/" + damaged.getFileName() + " is damaged: its CRC-32 is")
          .hasMessageContaining("importing");
      assertNothingIsLeftIn(db);
      Files.delete(damaged);
      assertThatThrownBy(() -> db.restore(backup(), Progress.NONE))
          .hasMessageContaining("segments/" + damaged.getFileName() + " is missing");
      assertNothingIsLeftIn(db);
      flip("collection.json");
      assertThatThrownBy(() -> db.restore(backup(), Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("collection.json");
      assertNothingIsLeftIn(db);
    }
  }

  @Test
  void makesDamagedIndexFilesAgain() throws IOException {
    Path damaged = flip(".idx");
    try (SoniDb db = openNew()) {
      List<RestoreReport> reports = db.restore(backup(), Progress.NONE);
      List<String> repaired = new ArrayList<>();
      reports.forEach(report -> repaired.addAll(report.repaired()));
      assertThat(repaired)
          .singleElement()
          .asString()
          .contains(String.valueOf(damaged.getFileName()), "rebuilt");
      assertHolds(db, "songs", songs);
      assertHolds(db, "birds", birds);
    }
  }

  @Test
  void restoresAllAndGoesOn() throws IOException {
    List<Path> before = files(backup(), "");
    try (SoniDb db = openNew()) {
      List<RestoreReport> reports = db.restore(backup(), Progress.NONE);
      assertThat(reports).extracting(RestoreReport::collection).containsExactly("birds", "songs");
      assertThat(reports).extracting(RestoreReport::vectors).containsExactly(4999L, 4999L);
      assertThat(files(backup(), "")).isEqualTo(before);
      assertHolds(db, "songs", songs);
      Collection restored = db.collection("songs");
      assertThat(restored.engine().log().manifest().epoch()).isEqualTo(2);
      restored.upsert("y", new float[DIMENSION]);
      SnapshotReport next = restored.snapshot(backup(), Progress.NONE);
      assertThat(next.newBytes()).isLessThan(20_000);
    }
    try (SoniDb db = openNew()) {
      assertThat(db.warnings()).isEmpty();
      assertThat(db.collection("songs").count()).isEqualTo(5000);
      assertHolds(db, "birds", birds);
    }
    try (SoniDb db = SoniDb.open(backup())) {
      assertThat(db.warnings()).isEmpty();
      assertThat(db.collection("songs").get("y")).isPresent();
      assertThat(db.collection("songs").get("x")).isEmpty();
    }
  }

  @Test
  void restoresOneUnderAnotherName() {
    try (SoniDb db = openNew()) {
      RestoreReport report = db.restore(backup(), "songs", "old songs", Progress.NONE);
      assertThat(report.collection()).isEqualTo("old songs");
      assertHolds(db, "old songs", songs);
      db.collection("old songs").buildIndex(IndexOptions.FULL, Progress.NONE);
    }
    try (SoniDb db = openNew()) {
      assertThat(db.warnings()).isEmpty();
      assertThat(db.collections()).containsExactly("old songs");
      assertHolds(db, "old songs", songs);
      db.drop("old songs");
      db.restore(backup(), "songs", "songs", Progress.NONE);
      assertHolds(db, "songs", songs);
    }
  }

  @Test
  void readsMediaThatCannotBeWrittenTo() throws IOException {
    Files.delete(backup().resolve("sonidb.lock"));
    assertThat(backup().toFile().setWritable(false)).isTrue();
    try (SoniDb db = openNew()) {
      assumeThat(Files.isWritable(backup())).as("root may write anywhere").isFalse();
      db.restore(backup(), Progress.NONE);
      assertHolds(db, "songs", songs);
    } finally {
      assertThat(backup().toFile().setWritable(true)).isTrue();
    }
  }
}
