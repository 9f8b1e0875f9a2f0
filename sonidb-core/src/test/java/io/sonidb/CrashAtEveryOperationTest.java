package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A short life of a database, ended at each operation of the file system in turn; then it goes on,
/// and the power fails a second time.
class CrashAtEveryOperationTest {
  private static final int DIMENSION = 8;
  private static final Path FOLDER = Path.of("/db");

  private final Model model = new Model();
  private final Random random = new Random(1);

  private static SoniDb open(ForgetfulStorage storage) throws IOException {
    storage.createFolders(FOLDER);
    return SoniDb.open(storage, FOLDER, Optional.empty(), new SoniDbOptions(1));
  }

  private void upsert(Collection songs, int from, int to) {
    Map<VectorId, Point> points = new LinkedHashMap<>();
    Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
    for (int k = from; k < to; k++) {
      Point point = Point.of(Model.id(1, k), Model.vector(random, DIMENSION));
      points.put(point.id(), point);
      values.put(point.id(), Model.value(Optional.of(point)));
    }
    Model.Write write = new Model.Write(values);
    model.begin(write);
    songs.upsert(List.copyOf(points.values()));
    model.acknowledge(write);
  }

  private void delete(Collection songs, int k) {
    Model.Write write = new Model.Write(Map.of(Model.id(1, k), Optional.empty()));
    model.begin(write);
    songs.delete(List.of(Model.id(1, k)));
    model.acknowledge(write);
  }

  private void overwritePayload(Collection songs, int from, int to) {
    Payload payload = Payload.ofMap(Map.of("round", random.nextInt()));
    Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
    List<VectorId> ids = new ArrayList<>();
    Map<VectorId, Model.Value> before = model.acknowledged();
    for (int k = from; k < to; k++) {
      VectorId id = Model.id(1, k);
      ids.add(id);
      if (before.containsKey(id)) {
        values.put(id, Optional.of(new Model.Value(before.get(id).vector(), payload.toJson())));
      }
    }
    Model.Write write = new Model.Write(values);
    model.begin(write);
    assertThat(songs.overwritePayload(ids, payload)).isEqualTo(values.size());
    model.acknowledge(write);
  }

  private void life(ForgetfulStorage storage) throws IOException {
    SoniDb db = open(storage);
    try {
      Collection songs = db.create("songs", CollectionSpec.dimension(DIMENSION).metric(Metric.DOT));
      upsert(songs, 0, 1);
      upsert(songs, 1, 30);
      delete(songs, 3);
      overwritePayload(songs, 0, 5);
      songs.buildIndex();
      overwritePayload(songs, 4, 12);
      upsert(songs, 0, 10);
      db.close();
      db = open(storage);
      songs = db.collection("songs");
      upsert(songs, 40, 50);
      overwritePayload(songs, 8, 42);
      delete(songs, 41);
      songs.buildIndex(new IndexOptions(true, true), Progress.NONE);
      upsert(songs, 45, 60);
      db.create("other", CollectionSpec.dimension(2)).upsert("1", new float[] {1, 2});
      db.drop("other");
      upsert(songs, 59, 60);
    } finally {
      db.close();
    }
  }

  @Test
  void livesWithoutCrash() throws IOException {
    ForgetfulStorage storage = new ForgetfulStorage(1);
    life(storage);
    assertGoesOn(storage.powerLoss(1), 1);
    assertThat(storage.operations()).isGreaterThan(100);
    assertThat(storage.openFiles()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void recoversFromTheEndOfThePowerOrTheProcess(int way) throws IOException {
    crashEverywhere(way, 6);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void recoversFromTheEndOfThePowerInEveryWay(int way) throws IOException {
    crashEverywhere(way, 1);
  }

  /// @param step 1 for a crash at each operation; more for one at every so many, and other ways
  ///   have those between
  private static void crashEverywhere(int way, int step) {
    boolean over = false;
    for (int at = 1 + way * step / 2 % step; !over; at += step) {
      CrashAtEveryOperationTest one = new CrashAtEveryOperationTest();
      try {
        over = !one.crash(at, way);
      } catch (Throwable e) {
        throw new AssertionError("crash at operation " + at, e);
      }
    }
  }

  private boolean crash(int at, int way) throws IOException {
    ForgetfulStorage storage = new ForgetfulStorage(at);
    storage.powerOffAt(at);
    try {
      life(storage);
    } catch (IOException | StorageException | CollectionNotFoundException e) {
      if (!storage.isOff()) {
        throw e;
      }
    }
    boolean reached = storage.isOff();
    ForgetfulStorage left = way == 0 ? storage.kill() : storage.powerLoss((at + 7) * 100L + way);
    assertGoesOn(left, at);
    return reached;
  }

  private void assertGoesOn(ForgetfulStorage storage, int at) throws IOException {
    SoniDb db = open(storage);
    PowerLossTest.assertNothingIsDamaged(db);
    Optional<Collection> found = db.find("songs");
    if (found.isPresent()) {
      model.assertIsIn(found.get());
      assertThat(found.get().verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    } else {
      assertThat(model.acknowledged()).isEmpty();
    }
    if (at % 2 == 0 && found.isPresent()) {
      upsert(found.get(), 100, 103);
      overwritePayload(found.get(), 95, 102);
    }
    ForgetfulStorage again = storage.powerLoss(at);
    try {
      db.close();
    } catch (StorageException expected) {
      assertThat(expected).hasMessageContaining("power");
    }
    try (SoniDb last = open(again)) {
      PowerLossTest.assertNothingIsDamaged(last);
      if (found.isPresent()) {
        Collection songs = last.collection("songs");
        model.assertIsIn(songs);
        LogNumbers.assertHaveNoGaps(songs);
        upsert(songs, 100, 110);
        songs.buildIndex();
        assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
        model.assertIsIn(songs);
      }
    }
    assertThat(again.openFiles()).isEmpty();
    assertThat(again.violations()).isEmpty();
  }
}
