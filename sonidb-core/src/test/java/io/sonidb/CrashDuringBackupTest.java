package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The power or the process ends at each operation of the file system in turn while a snapshot is
/// taken or restored: every folder then holds its older state or its newer one, and the work can be
/// done again.
class CrashDuringBackupTest {
  private static final int DIMENSION = 4;
  private static final Path FOLDER = Path.of("/db");
  private static final Path BACKUP = Path.of("/backup");

  private final Random random = new Random(1);
  private Map<VectorId, Model.Value> older = Map.of();
  private Map<VectorId, Model.Value> newer = Map.of();

  private static SoniDb open(ForgetfulStorage storage, Path folder) throws IOException {
    storage.createFolders(folder);
    return SoniDb.open(storage, folder, Optional.empty(), new SoniDbOptions(1));
  }

  private void upsert(Collection songs, int from, int to) {
    List<Point> points = new ArrayList<>();
    for (int k = from; k < to; k++) {
      points.add(Point.of(Model.id(1, k), Model.vector(random, DIMENSION)));
    }
    songs.upsert(points);
  }

  /// A database that has changed since its snapshot was taken, closed.
  ///
  /// @param update whether there is a snapshot at all
  private ForgetfulStorage prepared(boolean update, boolean copy) throws IOException {
    ForgetfulStorage storage = new ForgetfulStorage(1);
    try (SoniDb db = open(storage, FOLDER)) {
      Collection songs = db.create("songs", CollectionSpec.dimension(DIMENSION).metric(Metric.DOT));
      upsert(songs, 0, 30);
      songs.buildIndex();
      upsert(songs, 30, 40);
      if (update) {
        songs.snapshot(BACKUP, copy, Progress.NONE);
        older = SnapshotTest.contents(songs);
        try (SoniDb backup = open(storage, BACKUP)) {
          Model.assertHolds(backup.collection("songs"), older); // leaves a checkpoint there
        }
      }
      upsert(songs, 10, 20);
      songs.delete(List.of(Model.id(1, 5)));
      songs.overwritePayload(List.of(Model.id(1, 6)), Payload.ofJson("{\"a\":1}"));
      songs.compact(true, Progress.NONE);
      upsert(songs, 40, 45);
      newer = SnapshotTest.contents(songs);
    }
    return storage;
  }

  private static void close(SoniDb db) {
    try {
      db.close();
    } catch (StorageException expected) {
      assertThat(expected).hasMessageContaining("power");
    }
  }

  // Snapshots ---------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "false, false, 0",
    "false, false, 1",
    "false, true, 1",
    "true, false, 0",
    "true, false, 1",
    "true, true, 0",
    "true, true, 1"
  })
  void leavesTheOlderSnapshotOrTheNewer(boolean update, boolean copy, int way) throws IOException {
    crashSnapshots(update, copy, way, 5);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void leavesTheOlderSnapshotOrTheNewerInOtherWays(int way) throws IOException {
    crashSnapshots(false, false, way, 1);
    crashSnapshots(false, true, way, 1);
    crashSnapshots(true, false, way, 1);
    crashSnapshots(true, true, way, 1);
  }

  /// @param step 1 for a crash at each operation; 5 for one at every fifth
  private void crashSnapshots(boolean update, boolean copy, int way, int step) throws IOException {
    ForgetfulStorage prepared = prepared(update, copy);
    boolean reached = true;
    for (int at = 1 + 2 * way % step; reached; at += step) {
      try {
        reached = crashSnapshot(prepared.copy(), copy, at, way);
      } catch (Throwable e) {
        throw new AssertionError("crash at operation " + at, e);
      }
    }
  }

  private boolean crashSnapshot(ForgetfulStorage storage, boolean copy, int at, int way)
      throws IOException {
    SoniDb db = open(storage, FOLDER);
    Collection songs = db.collection("songs");
    storage.powerOffAt(storage.operations() + at);
    try {
      songs.snapshot(BACKUP, copy, Progress.NONE);
    } catch (StorageException e) {
      if (!storage.isOff()) {
        throw e;
      }
    }
    boolean reached = storage.isOff();
    ForgetfulStorage left = way == 0 ? storage.kill() : storage.powerLoss((at + 7) * 100L + way);
    close(db);
    if (at % 2 == 0) {
      assertBackupIsWhole(left);
    }
    try (SoniDb again = open(left, FOLDER)) {
      PowerLossTest.assertNothingIsDamaged(again);
      Collection source = again.collection("songs");
      Model.assertHolds(source, newer);
      source.snapshot(BACKUP, copy, Progress.NONE);
      assertThat(source.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
    try (SoniDb backup = open(left, BACKUP)) {
      assertThat(backup.warnings()).isEmpty();
      Model.assertHolds(backup.collection("songs"), newer);
      assertThat(backup.collection("songs").verifyIntegrity(true, Progress.NONE).damaged())
          .isEmpty();
    }
    assertThat(left.files())
        .noneMatch(file -> file.startsWith(BACKUP) && file.toString().contains("new"));
    assertThat(left.openFiles()).isEmpty();
    assertThat(left.violations()).isEmpty();
    return reached;
  }

  private void assertBackupIsWhole(ForgetfulStorage storage) throws IOException {
    try (SoniDb backup = open(storage, BACKUP)) {
      // A file that came before the manifest may be ignored.
      assertThat(backup.warnings()).noneMatch(warning -> warning.contains("damage in "));
      Optional<Collection> found = backup.find("songs");
      if (found.isPresent()) {
        assertThat(SnapshotTest.contents(found.get())).isIn(older, newer);
        Model.assertHolds(found.get(), SnapshotTest.contents(found.get()));
        assertThat(found.get().verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      } else {
        assertThat(older).isEmpty();
      }
    }
  }

  @Test
  void failsAtEveryOperationAndIsDoneAgain() throws IOException {
    for (boolean copy : new boolean[] {false, true}) {
      ForgetfulStorage prepared = prepared(true, copy);
      for (int at = 1; failOnce(prepared.copy(), copy, at); at++) {
        assertThat(at).isLessThan(500);
      }
    }
  }

  private boolean failOnce(ForgetfulStorage storage, boolean copy, int at) throws IOException {
    SoniDb db = open(storage, FOLDER);
    Collection songs = db.collection("songs");
    long number = storage.operations() + at;
    storage.failIf(
        operation -> operation.number() == number && operation.path().startsWith(BACKUP));
    try {
      songs.snapshot(BACKUP, copy, Progress.NONE);
    } catch (StorageException e) {
      assertThat(e).hasMessageContaining("/backup");
    }
    storage.failIf(_ -> false);
    assertBackupIsWhole(storage);
    songs.snapshot(BACKUP, copy, Progress.NONE);
    db.close();
    try (SoniDb backup = open(storage, BACKUP)) {
      Model.assertHolds(backup.collection("songs"), newer);
    }
    assertThat(storage.openFiles()).isEmpty();
    assertThat(storage.violations()).isEmpty();
    return storage.operations() > number && at < 100;
  }

  // Restoring ---------------------------------------------------------------------------------

  private static final Path RESTORED = Path.of("/restored");

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void restoresWholeCollectionsOrNone(int way) throws IOException {
    crashRestores(way, 5);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void restoresWholeCollectionsOrNoneInOtherWays(int way) throws IOException {
    crashRestores(way, 1);
  }

  private void crashRestores(int way, int step) throws IOException {
    ForgetfulStorage prepared = prepared(true, true);
    try (SoniDb db = open(prepared, FOLDER)) {
      db.collection("songs").snapshot(BACKUP, Progress.NONE);
      Collection birds = db.create("birds", CollectionSpec.dimension(DIMENSION).metric(Metric.DOT));
      birds.importFrom(db.collection("songs"), Progress.NONE);
      birds.snapshot(BACKUP, Progress.NONE);
    }
    boolean reached = true;
    for (int at = 1 + 2 * way % step; reached; at += step) {
      try {
        reached = crashRestore(prepared.copy(), at, way);
      } catch (Throwable e) {
        throw new AssertionError("crash at operation " + at, e);
      }
    }
  }

  private static Map<Path, byte[]> backupOf(ForgetfulStorage storage) throws IOException {
    Map<Path, byte[]> files = new TreeMap<>();
    for (Path file : storage.files()) {
      if (file.startsWith(BACKUP)) {
        files.put(file, storage.bytes(file));
      }
    }
    return files;
  }

  private boolean crashRestore(ForgetfulStorage storage, int at, int way) throws IOException {
    Map<Path, byte[]> before = backupOf(storage);
    SoniDb db = open(storage, RESTORED);
    storage.powerOffAt(storage.operations() + at);
    try {
      db.restore(BACKUP, Progress.NONE);
    } catch (StorageException e) {
      if (!storage.isOff()) {
        throw e;
      }
    }
    boolean reached = storage.isOff();
    ForgetfulStorage left = way == 0 ? storage.kill() : storage.powerLoss((at + 7) * 100L + way);
    close(db);
    try (SoniDb again = open(left, RESTORED)) {
      PowerLossTest.assertNothingIsDamaged(again);
      for (String name : List.of("songs", "birds")) {
        if (again.find(name).isEmpty()) {
          again.restore(BACKUP, name, name, Progress.NONE);
        }
        Model.assertHolds(again.collection(name), newer);
        assertThat(again.collection(name).verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      }
    }
    assertThat(left.files()).noneMatch(file -> file.toString().contains("new"));
    assertThat(backupOf(left)).usingRecursiveComparison().isEqualTo(before);
    assertThat(left.openFiles()).isEmpty();
    assertThat(left.violations()).isEmpty();
    return reached;
  }
}
