package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportTest {
  private static final int DIMENSION = 16;

  @TempDir Path folder;

  private final Random random = new Random(1);

  private static CollectionSpec spec() {
    return CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID);
  }

  private SoniDb open(String name) {
    return SoniDb.open(folder.resolve(name));
  }

  private void fill(Collection songs, int from, int to) {
    List<Point> points = new ArrayList<>();
    for (int k = from; k < to; k++) {
      points.add(
          Point.of(
              Model.id(1, k),
              Model.vector(random, DIMENSION),
              Payload.ofJson("{\"k\":" + k + "}")));
    }
    songs.upsert(points);
  }

  @Test
  void refusesAnotherDimensionBeforeAnythingIsWritten() {
    try (SoniDb db = open("a")) {
      Collection from = db.create("from", spec());
      fill(from, 0, 10);
      Collection to = db.create("to", CollectionSpec.dimension(3));
      assertThatThrownBy(() -> to.importFrom(from, Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("collection from has dimension 16, collection to 3");
      assertThat(to.lastSequence()).isZero();
      assertThatThrownBy(() -> to.importFrom(to, Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("into itself");
    }
  }

  @Test
  void refusesDoublesThatAreNoFloats() {
    try (SoniDb db = open("a")) {
      Collection wide = db.create("wide", CollectionSpec.dimension(2).element(ElementType.FLOAT64));
      Collection narrow = db.create("narrow", CollectionSpec.dimension(2));
      wide.upsert("a", new double[] {0.5, -3});
      assertThat(narrow.importFrom(wide, Progress.NONE).vectors()).isEqualTo(1);
      assertThat(narrow.get("a").orElseThrow().vector()).isEqualTo(Vector.of(0.5f, -3f));
      wide.upsert("b", new double[] {0.5, 0.1});
      assertThatThrownBy(() -> narrow.importFrom(wide, Progress.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("component 1 is 0.1, which is no float32");
    }
  }

  @Test
  void refusesFolderThatIsNotThereOrOpen() {
    try (SoniDb db = open("a")) {
      Path nowhere = folder.resolve("nowhere");
      assertThatThrownBy(() -> db.importFrom(nowhere, "songs", "songs", Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("is no data folder");
      assertThat(nowhere).doesNotExist();
      assertThatThrownBy(
              () -> db.importFrom(folder.resolve("a"), "songs", "other songs", Progress.NONE))
          .isInstanceOf(FolderLockedException.class);
      open("b").close();
      assertThatThrownBy(() -> db.importFrom(folder.resolve("b"), "songs", "s", Progress.NONE))
          .isInstanceOf(CollectionNotFoundException.class);
      assertThat(db.collections()).isEmpty();
    }
  }

  @Test
  void leavesOutAndNamesDamagedVectors() throws IOException {
    try (SoniDb from = open("from")) {
      Collection songs = from.create("songs", spec());
      fill(songs, 0, 100);
      songs.buildIndex();
    }
    Path segment;
    try (Stream<Path> files = Files.walk(folder)) {
      segment = files.filter(file -> file.toString().endsWith(".flac")).findAny().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[8192 + (bytes.length - 8192) / 2] ^= 4;
    Files.write(segment, bytes);
    try (SoniDb db = open("to")) {
      ImportReport report = db.importFrom(folder.resolve("from"), "songs", "songs", Progress.NONE);
      assertThat(report.vectors()).isEqualTo(99);
      assertThat(report.damaged())
          .singleElement()
          .satisfies(damage -> {
            assertThat(damage.id()).isPresent();
            assertThat(db.collection("songs").get(damage.id().orElseThrow())).isEmpty();
          });
      assertThat(db.collection("songs").count()).isEqualTo(99);
    }
  }

  @Test
  void widensFloatsExactly() {
    try (SoniDb db = open("a")) {
      Collection from = db.create("from", spec());
      fill(from, 0, 200);
      Collection to = db.create("to", spec().element(ElementType.FLOAT64));
      to.importFrom(from, Progress.NONE);
      try (PointCursor points = from.scroll()) {
        points.forEachRemaining(point -> {
          Vector wide = to.get(point.id()).orElseThrow().vector();
          for (int i = 0; i < DIMENSION; i++) {
            assertThat(Double.doubleToRawLongBits(wide.doubleAt(i)))
                .isEqualTo(Double.doubleToRawLongBits(point.vector().floatAt(i)));
          }
        });
      }
    }
  }

  @Test
  void takesEveryPointOfAnotherFolderAndCanBeDoneAgain() {
    Map<VectorId, Model.Value> expected;
    CollectionSpec spec = spec().segmentBytes(1 << 20).retention(Duration.ofHours(3));
    try (SoniDb from = open("from")) {
      Collection songs = from.create("songs", spec);
      fill(songs, 0, 5000);
      songs.delete(List.of(Model.id(1, 5)));
      songs.setPayload(List.of(Model.id(1, 6)), Payload.ofJson("{\"more\":true}"));
      expected = SnapshotTest.contents(songs);
    }
    try (SoniDb db = open("to")) {
      List<Long> done = new ArrayList<>();
      ImportReport report =
          db.importFrom(
              folder.resolve("from"), "songs", "copies", (some, all, unit) -> done.add(some));
      assertThat(report.collection()).isEqualTo("copies");
      assertThat(report.vectors()).isEqualTo(4999).isEqualTo(done.getLast());
      assertThat(db.collection("copies").spec()).isEqualTo(spec);
      Model.assertHolds(db.collection("copies"), expected);
      db.importFrom(folder.resolve("from"), "songs", "copies", Progress.NONE);
      Model.assertHolds(db.collection("copies"), expected);
    }
    try (SoniDb from = open("from")) {
      assertThat(from.warnings()).isEmpty();
      Model.assertHolds(from.collection("songs"), expected);
    }
  }

  @Test
  void takesAViewAsItWas() {
    try (SoniDb db = open("a")) {
      Collection from = db.create("from", spec());
      Collection to = db.create("to", spec());
      fill(from, 0, 3000);
      Map<VectorId, Model.Value> expected = SnapshotTest.contents(from);
      try (CollectionView view = from.view()) {
        fill(from, 1000, 4000);
        from.delete(List.of(Model.id(1, 1)));
        from.compact(true, Progress.NONE);
        to.importFrom(view, Progress.NONE);
      }
      Model.assertHolds(to, expected);
    }
  }

  @Test
  void keepsTimes() {
    TestClock clock = new TestClock();
    SoniDbOptions options = new SoniDbOptions(1).clock(clock);
    try (SoniDb db = SoniDb.open(folder, options)) {
      Collection from = db.create("from", spec());
      VectorId forever = VectorId.of(1);
      VectorId hour = VectorId.of(2);
      from.upsert(
          List.of(
              Point.of(forever, Model.vector(random, DIMENSION)),
              Point.of(hour, Model.vector(random, DIMENSION))
                  .expiresAt(TestClock.START.plusSeconds(3600))));
      clock.advance(Duration.ofMinutes(30));
      from.setPayload(List.of(forever), Payload.ofJson("{\"a\":1}"));
      Collection to = db.create("to", spec().timeToLive(Duration.ofMinutes(5)));
      to.importFrom(from, Progress.NONE);
      Point first = to.get(forever).orElseThrow();
      assertThat(first.insertedAt()).contains(TestClock.START);
      assertThat(first.expiresAt()).isEmpty();
      assertThat(first.payload().toJson()).isEqualTo("{\"a\":1}");
      Point second = to.get(hour).orElseThrow();
      assertThat(second.insertedAt()).contains(TestClock.START);
      assertThat(second.expiresAt()).contains(TestClock.START.plusSeconds(3600));
    }
  }
}
