package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import io.sonidb.store.Manifest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A short life that is mostly sealing and compaction, ended at each operation of the file system
/// in turn, or with each operation failing in turn.
class CompactionCrashTest {
  private static final int DIMENSION = 8;
  private static final Path FOLDER = Path.of("/db");

  private final Model model = new Model();
  private final Random random = new Random(1);
  private final TestClock clock = new TestClock();

  private SoniDb open(ForgetfulStorage storage) throws IOException {
    storage.createFolders(FOLDER);
    return SoniDb.open(
        storage, FOLDER, Optional.empty(), new SoniDbOptions(1).clock(clock).compaction(false));
  }

  private static Collection create(SoniDb db) {
    return db.create(
        "songs",
        CollectionSpec.dimension(DIMENSION)
            .metric(Metric.DOT)
            .segmentBytes(1 << 20)
            .retention(Duration.ofHours(1)));
  }

  private void upsert(Collection songs, int from, int to) {
    Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
    List<Point> points =
        IntStream.range(from, to)
            .mapToObj(k ->
                Point.of(
                    Model.id(1, k),
                    Model.vector(random, DIMENSION),
                    Payload.ofMap(Map.of("k", random.nextInt()))))
            .toList();
    points.forEach(point -> values.put(point.id(), Model.value(Optional.of(point))));
    write(new Model.Write(values), () -> songs.upsert(points));
  }

  private void delete(Collection songs, int from, int to) {
    List<VectorId> ids = IntStream.range(from, to).mapToObj(k -> Model.id(1, k)).toList();
    Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
    ids.forEach(id -> values.put(id, Optional.empty()));
    write(new Model.Write(values), () -> songs.delete(ids));
  }

  private void overwritePayload(Collection songs, int from, int to) {
    Payload payload = Payload.ofMap(Map.of("round", random.nextInt()));
    List<VectorId> ids = IntStream.range(from, to).mapToObj(k -> Model.id(1, k)).toList();
    Map<VectorId, Model.Value> before = model.acknowledged();
    Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
    before.keySet().retainAll(ids);
    before.forEach(
        (id, old) -> values.put(id, Optional.of(new Model.Value(old.vector(), payload.toJson()))));
    write(new Model.Write(values), () -> songs.overwritePayload(ids, payload));
  }

  private void write(Model.Write write, Runnable change) {
    model.begin(write);
    change.run();
    model.acknowledge(write);
  }

  /// Four small segments, in which every kind of record is superseded by a later one, in the same
  /// segment and in others, and deletes guard against older records.
  private void fillSegments(Collection songs) {
    upsert(songs, 0, 30);
    overwritePayload(songs, 25, 30);
    delete(songs, 29, 30);
    songs.buildIndex();
    upsert(songs, 10, 20);
    delete(songs, 3, 6);
    overwritePayload(songs, 0, 14);
    songs.buildIndex();
    delete(songs, 12, 15);
    upsert(songs, 4, 5);
    upsert(songs, 20, 40);
    overwritePayload(songs, 18, 22);
    songs.buildIndex();
    clock.advance(Duration.ofHours(2));
    overwritePayload(songs, 8, 12);
    delete(songs, 38, 40);
    delete(songs, 4, 5);
    songs.buildIndex();
  }

  /// A segment of deletes that are old; some guard against records of older segments.
  private void dropOldDeletes(Collection songs) {
    delete(songs, 6, 18);
    upsert(songs, 60, 61);
    delete(songs, 60, 61);
    songs.buildIndex();
    clock.advance(Duration.ofHours(2));
    songs.compact(false, Progress.NONE);
  }

  private void fillMore(Collection songs) {
    upsert(songs, 2, 8);
    delete(songs, 20, 24);
    overwritePayload(songs, 0, 30);
    songs.buildIndex();
    delete(songs, 0, 3);
    upsert(songs, 50, 53);
  }

  private void life(ForgetfulStorage storage) throws IOException {
    SoniDb db = open(storage);
    try {
      Collection songs = create(db);
      fillSegments(songs);
      songs.compact(false, Progress.NONE);
      dropOldDeletes(songs);
      fillMore(songs);
      songs.compact(true, Progress.NONE);
      delete(songs, 50, 60);
      db.close();
      db = open(storage);
      songs = db.collection("songs");
      songs.compact(true, Progress.NONE);
      upsert(songs, 1, 2);
    } finally {
      db.close();
    }
  }

  @Test
  void livesWithoutCrash() throws IOException {
    ForgetfulStorage storage = new ForgetfulStorage(1);
    life(storage);
    assertThat(storage.operations()).isGreaterThan(200);
    SoniDb db = open(storage);
    assertThat(db.collection("songs").engine().log().manifest().segments())
        .as("all but the open segment were made one")
        .hasSize(2);
    db.close();
    assertGoesOn(storage, 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void recoversFromTheEndOfTheProcessOrThePower(int way) {
    crashEverywhere(way, 6);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void recoversFromTheEndOfThePowerInEveryWay(int way) {
    crashEverywhere(way, 1);
  }

  /// @param step 1 for a crash at each operation; more for one at every so many, and other ways
  ///   have those between
  private static void crashEverywhere(int way, int step) {
    boolean over = false;
    for (int at = 1 + way * step / 2 % step; !over; at += step) {
      try {
        over = !new CompactionCrashTest().crash(at, way);
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
    assertGoesOn(way == 0 ? storage.kill() : storage.powerLoss((at + 7) * 100L + way), at);
    return reached;
  }

  /// Opens what is left; writes and compacts on; opens it once more; and makes all again from the
  /// audio alone, in which nothing that was deleted may be found.
  private void assertGoesOn(ForgetfulStorage storage, int at) throws IOException {
    try (SoniDb db = open(storage)) {
      PowerLossTest.assertNothingIsDamaged(db);
      if (db.find("songs").isEmpty()) {
        assertThat(model.acknowledged()).isEmpty();
        return;
      }
      assertHoldsAll(db.collection("songs"));
    }
    try (SoniDb db = open(storage)) {
      Collection songs = db.collection("songs");
      assertThat(db.warnings()).isEmpty();
      assertNothingIsLeft(storage, songs);
      if (at % 2 == 0) {
        songs.compact(at % 4 == 0, Progress.NONE);
      }
      long last = songs.lastSequence();
      upsert(songs, 100, 103);
      assertThat(songs.lastSequence()).as("no number is given twice").isEqualTo(last + 3);
      assertHoldsAll(songs);
    }
    for (Path file : storage.files()) {
      String name = String.valueOf(file.getFileName());
      if (name.equals("collection.json") || name.equals("directory.bin") || name.endsWith(".idx")) {
        storage.take(file);
      }
    }
    try (SoniDb db = open(storage)) {
      PowerLossTest.assertNothingIsDamaged(db);
      assertHoldsAll(db.collection("songs"));
    }
    assertThat(storage.openFiles()).isEmpty();
    assertThat(storage.violations()).isEmpty();
  }

  private void assertHoldsAll(Collection songs) throws IOException {
    model.assertIsIn(songs);
    assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    LogNumbers.assertHaveNoGaps(songs);
  }

  /// Every file belongs to the collection.
  private static void assertNothingIsLeft(ForgetfulStorage storage, Collection songs) {
    Set<String> known = new HashSet<>();
    for (Manifest.SegmentEntry entry : songs.engine().log().manifest().segments()) {
      known.add(entry.file());
      entry.index().ifPresent(index -> known.add(index.file()));
    }
    List<String> left = new ArrayList<>();
    for (Path file : storage.files()) {
      String name = String.valueOf(file.getFileName());
      boolean isOfSegments = name.endsWith(".flac") || name.endsWith(".idx");
      if (name.endsWith(".new") || isOfSegments && !known.contains(name)) {
        left.add(name);
      }
    }
    assertThat(left).isEmpty();
  }

  // Operations that fail ------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void goesOnWhicheverOperationOfACompactionFails(boolean purge) {
    failEverywhere(purge, false, 4);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void goesOnWhenTheDiskFailsInTheMiddleOfACompaction(boolean purge) {
    failEverywhere(purge, true, 4);
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void goesOnWhicheverOperationFails(boolean purge, boolean forLong) {
    failEverywhere(purge, forLong, 1);
  }

  private static void failEverywhere(boolean purge, boolean forLong, int step) {
    boolean over = false;
    for (int at = purge ? 1 : 1 + step / 2; !over; at += step) {
      try {
        over = !new CompactionCrashTest().fail(at, purge, forLong);
      } catch (Throwable e) {
        throw new AssertionError("failure of operation " + at, e);
      }
    }
  }

  /// @return whether the compaction came as far as that operation
  private boolean fail(int at, boolean purge, boolean forLong) throws IOException {
    ForgetfulStorage storage = new ForgetfulStorage(at);
    boolean reached;
    boolean failed;
    SoniDb db = open(storage);
    try {
      Collection songs = create(db);
      fillSegments(songs);
      long first = storage.operations() + at;
      storage.failIf(
          operation -> forLong ? operation.number() >= first : operation.number() == first);
      try {
        songs.compact(purge, Progress.NONE);
      } catch (StorageException e) {
        assertThat(e).hasMessageContaining("Input/output error");
      }
      reached = storage.operations() >= first;
      storage.failIf(_ -> false);
      failed = songs.engine().log().hasFailed();
      if (!failed) {
        Model.assertHolds(songs, model.acknowledged());
        fillMore(songs);
        songs.compact(!purge, Progress.NONE);
        delete(songs, 10, 11);
        assertHoldsAll(songs);
      }
    } finally {
      if (at % 3 == 0) {
        db.close();
      }
    }
    ForgetfulStorage left =
        switch (at % 3) {
          case 0 -> storage;
          case 1 -> storage.kill();
          default -> storage.powerLoss(at);
        };
    if (left != storage) {
      closeDead(db);
    }
    assertGoesOn(left, at);
    return reached;
  }

  private static void closeDead(SoniDb db) {
    try {
      db.close();
    } catch (StorageException e) {
      assertThat(e).hasMessageContaining("power");
    }
  }
}
