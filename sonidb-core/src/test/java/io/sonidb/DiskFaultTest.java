package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import io.sonidb.store.ForgetfulStorage.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Disks that fail to sync, fail to write, or are full.
class DiskFaultTest {
  private static final int DIMENSION = 200;
  private static final Path FOLDER = Path.of("/db");

  private final Model model = new Model();
  private final Random random = new Random(5);
  private ForgetfulStorage storage = new ForgetfulStorage(5);

  private static CollectionSpec spec() {
    return CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID).segmentBytes(1 << 20);
  }

  private static SoniDb open(ForgetfulStorage storage) throws IOException {
    storage.createFolders(FOLDER);
    return SoniDb.open(storage, FOLDER, Optional.empty(), new SoniDbOptions(2));
  }

  private Model.Write write(List<Point> points) {
    Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
    points.forEach(point -> values.put(point.id(), Model.value(Optional.of(point))));
    return new Model.Write(values);
  }

  private List<Point> points(int from, int to) {
    return java.util.stream.IntStream.range(from, to)
        .mapToObj(k -> Point.of(Model.id(2, k), Model.vector(random, DIMENSION)))
        .toList();
  }

  private void upsert(Collection songs, int from, int to) {
    List<Point> points = points(from, to);
    Model.Write write = write(points);
    model.begin(write);
    songs.upsert(points);
    model.acknowledge(write);
  }

  private void failToUpsert(Collection songs, int from, int to, String why) {
    List<Point> points = points(from, to);
    Model.Write write = write(points);
    model.begin(write);
    assertThatThrownBy(() -> songs.upsert(points))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("songs")
        .hasMessageContaining(why);
    if (!songs.engine().log().hasFailed()) {
      model.refuse(write);
    }
  }

  private static void closeFaulty(SoniDb db) {
    try {
      db.close();
    } catch (StorageException e) {
      assertThat(e).hasMessageContaining("closing /db");
    }
  }

  @Test
  void refusesEveryWriteAfterASyncFailed() throws IOException {
    SoniDb db = open(storage);
    Collection songs = db.create("songs", spec());
    upsert(songs, 0, 20);
    storage.failIf(operation -> operation.kind() == Kind.SYNC);
    failToUpsert(songs, 10, 30, "Input/output error");
    storage.failIf(operation -> false);
    long operations = storage.operations();
    failToUpsert(songs, 40, 41, "writing stopped after a failed sync");
    failToUpsert(songs, 41, 42, "open the database again");
    assertThatThrownBy(songs::buildIndex)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("writing stopped after a failed sync");
    assertThat(storage.operations()).as("operations after the failure").isEqualTo(operations);
    Model.assertHolds(songs, model.acknowledged());
    db.close();
    assertThat(storage.operations()).as("operations at close").isEqualTo(operations);
    storage = storage.kill();
    db = open(storage);
    songs = db.collection("songs");
    model.assertIsIn(songs);
    upsert(songs, 15, 60);
    // What the failed sync left in memory only must not be missed by what was acknowledged since.
    storage = storage.powerLoss(3);
    closeFaulty(db);
    try (SoniDb again = open(storage)) {
      PowerLossTest.assertNothingIsDamaged(again);
      model.assertIsIn(again.collection("songs"));
      LogNumbers.assertHaveNoGaps(again.collection("songs"));
      PowerLossTest.assertIsWhole(again.collection("songs"));
    }
  }

  @Test
  void goesOnAfterAWriteFailedHalfDone() throws IOException {
    try (SoniDb db = open(storage)) {
      Collection songs = db.create("songs", spec());
      upsert(songs, 0, 20);
      storage.failIf(operation -> operation.kind() == Kind.WRITE);
      failToUpsert(songs, 10, 30, "Input/output error");
      failToUpsert(songs, 30, 31, "Input/output error");
      storage.failIf(operation -> false);
      Model.assertHolds(songs, model.acknowledged());
      upsert(songs, 15, 40);
      model.assertIsIn(songs);
      LogNumbers.assertHaveNoGaps(songs);
      PowerLossTest.assertIsWhole(songs);
    }
  }

  @Test
  void bringsBackNothingOfAFailedWriteAfterAPowerLoss() throws IOException {
    for (int seed = 0; seed < 30; seed++) {
      ForgetfulStorage disk = new ForgetfulStorage(seed);
      SoniDb db = open(disk);
      Collection songs = db.create("songs", spec());
      songs.upsert("1", new float[DIMENSION]);
      long from = disk.operations();
      disk.failIf(operation -> operation.kind() == Kind.WRITE && operation.number() == from + 1);
      assertThatThrownBy(() -> songs.upsert(points(0, 30))).isInstanceOf(StorageException.class);
      ForgetfulStorage left = disk.powerLoss(seed);
      closeFaulty(db);
      try (SoniDb again = open(left)) {
        assertThat(again.warnings()).as("warnings of seed %s", seed).isEmpty();
        assertThat(again.collection("songs").count()).isEqualTo(1);
      }
    }
  }

  @Test
  void fillsTheGapOfAFullDiskWithSkipRecords() throws IOException {
    SoniDb db = open(storage);
    Collection songs = db.create("songs", spec());
    upsert(songs, 0, 20);
    for (int free = 0; free < 3000; free += 211) {
      storage.setCapacity(storage.used() + free);
      failToUpsert(songs, 10, 30, "No space left on device");
      Model.assertHolds(songs, model.acknowledged());
      storage.setCapacity(Long.MAX_VALUE);
      upsert(songs, 5, 6);
    }
    model.assertIsIn(songs);
    LogNumbers.assertHaveNoGaps(songs);
    storage = storage.powerLoss(1);
    closeFaulty(db);
    try (SoniDb again = open(storage)) {
      assertThat(again.warnings()).isEmpty();
      model.assertIsIn(again.collection("songs"));
      LogNumbers.assertHaveNoGaps(again.collection("songs"));
    }
  }

  @Test
  void sealsWhenThereIsSpaceAgain() throws IOException {
    try (SoniDb db = open(storage)) {
      Collection songs = db.create("songs", spec());
      upsert(songs, 0, 100);
      int failures = 0;
      for (int free = 0; free < 8000; free += 1500) {
        storage.setCapacity(storage.used() + free);
        failures += failsToIndex(songs, IndexOptions.INCREMENTAL);
        failures += failsToIndex(songs, IndexOptions.FULL);
        Model.assertHolds(songs, model.acknowledged());
        assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged())
            .allMatch(damage -> damage.file().equals("index.sfv"));
      }
      assertThat(failures).isPositive();
      storage.setCapacity(Long.MAX_VALUE);
      upsert(songs, 90, 120);
      songs.buildIndex();
      PowerLossTest.assertIsWhole(songs);
      model.assertIsIn(songs);
    }
    assertThat(storage.openFiles()).isEmpty();
  }

  /// How often it fails, 0 or 1: old index files that are replaced make room for new ones.
  private static int failsToIndex(Collection songs, IndexOptions options) {
    try {
      songs.buildIndex(options, Progress.NONE);
      return 0;
    } catch (StorageException e) {
      assertThat(e).hasMessageContaining("No space left on device");
      return 1;
    }
  }

  @Test
  void staysOpenWhenAFullRebuildFailsInItsMiddle() throws IOException {
    try (SoniDb db = open(storage)) {
      Collection songs = db.create("songs", spec());
      for (int i = 0; i < 5; i++) {
        upsert(songs, i * 20, i * 20 + 30);
        songs.buildIndex();
      }
      long from = storage.operations();
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      long operations = storage.operations() - from;
      for (long at = 1; at <= operations; at++) {
        long failAt = storage.operations() + at;
        storage.failIf(operation ->
            operation.number() == failAt
                && operation.kind() != Kind.SYNC
                && operation.kind() != Kind.SYNC_FOLDER);
        try {
          songs.buildIndex(IndexOptions.FULL, Progress.NONE);
        } catch (StorageException e) {
          assertThat(e).hasMessageContaining("Input/output error");
        }
        storage.failIf(operation -> false);
        Model.assertHolds(songs, model.acknowledged());
        upsert(songs, 200, 202);
      }
      songs.buildIndex();
      model.assertIsIn(songs);
      PowerLossTest.assertIsWhole(songs);
    }
    assertThat(storage.openFiles()).isEmpty();
  }

  @Test
  void opensOnAFullDisk() throws IOException {
    SoniDb db = open(storage);
    Collection songs = db.create("songs", spec());
    upsert(songs, 0, 50);
    songs.buildIndex();
    upsert(songs, 40, 90);
    storage.powerOffAt(storage.operations() + 1);
    failToUpsert(songs, 80, 120, "power");
    storage = storage.kill();
    closeFaulty(db);
    storage.setCapacity(storage.used());
    SoniDbOptions frugal = new SoniDbOptions(2).compaction(false); // which would make room
    try (SoniDb again = SoniDb.open(storage, FOLDER, Optional.empty(), frugal)) {
      Collection found = again.collection("songs");
      model.assertIsIn(found);
      storage.setCapacity(storage.used()); // a torn write may have made room
      failToUpsert(found, 0, 10, "No space left on device");
      Model.assertHolds(found, model.acknowledged());
      storage.setCapacity(Long.MAX_VALUE);
      upsert(found, 0, 10);
      model.assertIsIn(found);
      LogNumbers.assertHaveNoGaps(found);
      PowerLossTest.assertIsWhole(found);
    }
  }

  static LongStream fewSeeds() {
    return Seeds.seeds(10);
  }

  static LongStream manySeeds() {
    return Seeds.seeds(300);
  }

  @ParameterizedTest
  @MethodSource("fewSeeds")
  void survivesAnyFault(long seed) throws Exception {
    new Campaign(seed).run();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("manySeeds")
  void survivesAnyFaultOf300Seeds(long seed) throws Exception {
    new Campaign(seed).run();
  }

  /// One seed: rounds of writing on a disk that is full or faulty now and then.
  private static final class Campaign {
    private static final int ROUNDS = 4;
    private static final int STEPS = 40;
    private static final List<Kind> KINDS = List.of(Kind.values());

    private final long seed;
    private final Random random;
    private final Model model = new Model();
    private ForgetfulStorage storage;

    Campaign(long seed) {
      this.seed = seed;
      this.random = Seeds.random(seed);
      this.storage = new ForgetfulStorage(random.nextLong());
    }

    void run() {
      try {
        try (SoniDb db = open(storage)) {
          db.create(
              "songs", CollectionSpec.dimension(700).metric(Metric.EUCLID).segmentBytes(1 << 20));
        }
        for (int round = 0; round < ROUNDS; round++) {
          round();
        }
        assertThat(storage.openFiles()).isEmpty();
        assertThat(storage.violations()).isEmpty();
      } catch (Throwable e) {
        throw new AssertionError(Seeds.again(seed), e);
      }
    }

    private void round() throws Exception {
      SoniDb db = open(storage);
      PowerLossTest.assertNothingIsDamaged(db);
      Collection songs = db.collection("songs");
      model.assertIsIn(songs);
      LogNumbers.assertHaveNoGaps(songs);
      PowerLossTest.Writer writer = new PowerLossTest.Writer(songs, model, 0, random.nextLong());
      boolean syncsFail = random.nextInt(4) == 0;
      for (int step = 0; step < STEPS; step++) {
        upset(syncsFail);
        try {
          writer.step();
        } catch (StorageException e) {
          assertThat(e.getMessage()).containsAnyOf("No space left", "Input/output", "failed sync");
          if (!songs.engine().log().hasFailed()) {
            model.refuseAll();
          }
        }
      }
      if (random.nextBoolean()) {
        calm();
      }
      ForgetfulStorage last = storage;
      if (random.nextBoolean()) {
        closeFaulty(db);
        storage = last.kill();
      } else {
        storage = random.nextBoolean() ? last.kill() : last.powerLoss(random.nextLong());
        closeFaulty(db);
      }
      assertThat(last.openFiles()).isEmpty();
      calm();
    }

    private void upset(boolean syncsFail) {
      switch (random.nextInt(12)) {
        case 0 -> storage.setCapacity(storage.used() + random.nextInt(20_000));
        case 1 -> {
          Kind kind = KINDS.get(random.nextInt(KINDS.size()));
          boolean sync = kind == Kind.SYNC || kind == Kind.SYNC_FOLDER;
          if (!sync || syncsFail) {
            storage.failIf(operation -> operation.kind() == kind);
          }
        }
        default -> calm();
      }
    }

    private void calm() {
      storage.setCapacity(Long.MAX_VALUE);
      storage.failIf(operation -> false);
    }
  }

  @TempDir Path folder;

  @Test
  void keepsWhatItHasOnASmallRealDiskThatIsFull() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk.toString()),
        "a small tmpfs cannot be mounted here");
    try (SoniDb db = SoniDb.open(disk.resolve("db"))) {
      Path ballast = Files.write(disk.resolve("ballast"), new byte[800_000]);
      Collection songs = db.create("songs", spec());
      int next = 0;
      boolean full = false;
      while (!full) {
        try {
          upsert(songs, next, next + 50);
          next += 50;
        } catch (StorageException e) {
          assertThat(e).hasMessageContaining("No space left on device");
          full = true;
        }
      }
      model.refuseAll();
      assertThat(next).isGreaterThan(500);
      Model.assertHolds(songs, model.acknowledged());
      failToUpsert(songs, next, next + 1000, "No space left on device");
      Files.delete(ballast);
      upsert(songs, 0, 50);
      model.assertIsIn(songs);
      LogNumbers.assertHaveNoGaps(songs);
      PowerLossTest.assertIsWhole(songs);
    } finally {
      run("umount", "-l", disk.toString());
    }
  }

  @Test
  void saysThatAFileSystemIsReadOnly() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk.toString()),
        "a small tmpfs cannot be mounted here");
    try {
      try (SoniDb db = SoniDb.open(disk.resolve("db"))) {
        upsert(db.create("songs", spec()), 0, 10);
      }
      assumeTrue(
          run("mount", "-o", "remount,ro", disk.toString()), "it cannot be made read-only here");
      assertThatThrownBy(() -> SoniDb.open(disk.resolve("db")))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(disk.resolve("db").toString())
          .hasMessageContaining("Read-only file system");
      run("mount", "-o", "remount,rw", disk.toString());
      try (SoniDb db = SoniDb.open(disk.resolve("db"))) {
        model.assertIsIn(db.collection("songs"));
      }
    } finally {
      run("umount", "-l", disk.toString());
    }
  }

  @Test
  void keepsWhatATornWriteLeftInAFileOfItsOwn() throws IOException {
    SoniDb db = open(storage);
    Collection songs = db.create("songs", spec());
    upsert(songs, 0, 20);
    Path segment =
        storage.files().stream().filter(file -> isSegment(file)).findFirst().orElseThrow();
    int size = storage.bytes(segment).length;
    storage.failIf(
        operation -> operation.kind() == Kind.WRITE || operation.kind() == Kind.TRUNCATE);
    failToUpsert(songs, 10, 40, "Input/output error");
    byte[] torn = storage.bytes(segment);
    assertThat(torn).hasSizeGreaterThan(size);
    storage = storage.kill();
    closeFaulty(db);
    try (SoniDb again = open(storage)) {
      assertThat(again.warnings())
          .singleElement()
          .asString()
          .contains("cut " + (torn.length - size) + " bytes of an unfinished write at byte " + size)
          .contains(".torn");
      model.assertIsIn(again.collection("songs"));
      Path kept = segment.resolveSibling(segment.getFileName() + "." + size + ".torn");
      assertThat(storage.bytes(kept))
          .isEqualTo(java.util.Arrays.copyOfRange(torn, size, torn.length));
      PowerLossTest.assertIsWhole(again.collection("songs"));
    }
  }

  private static boolean isSegment(Path file) {
    return file.toString().endsWith(".flac");
  }

  private static boolean run(String... command) throws Exception {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
