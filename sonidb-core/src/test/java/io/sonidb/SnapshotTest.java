package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotTest {
  private static final int DIMENSION = 64;

  @TempDir Path folder;

  private final Random random = new Random(1);

  private static CollectionSpec spec() {
    return CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID).segmentBytes(1 << 20);
  }

  private SoniDb open() {
    return SoniDb.open(folder.resolve("db"));
  }

  private Path backup() {
    return folder.resolve("backup");
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
    for (int k = 0; k < points.size(); k += 1000) { // each in one segment
      songs.upsert(points.subList(k, Math.min(k + 1000, points.size())));
    }
  }

  static Map<VectorId, Model.Value> contents(Collection collection) {
    Map<VectorId, Model.Value> values = new TreeMap<>();
    try (PointCursor points = collection.scroll()) {
      points.forEachRemaining(point ->
          values.put(point.id(), new Model.Value(point.vector(), point.payload().toJson())));
    }
    return values;
  }

  private static void assertHolds(Path snapshot, String name, Map<VectorId, Model.Value> values) {
    try (SoniDb db = SoniDb.open(snapshot)) {
      assertThat(db.warnings()).isEmpty();
      Collection collection = db.collection(name);
      Model.assertHolds(collection, values);
      assertThat(collection.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
  }

  private static List<Path> files(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> file.toString().endsWith(suffix))
          .sorted()
          .toList();
    }
  }

  // What is refused ---------------------------------------------------------------------------

  @Test
  void refusesTheDatabasesOwnFolderAndWhatLiesInIt() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      Path own = folder.resolve("db");
      Path link = Files.createSymbolicLink(folder.resolve("link"), own);
      for (Path wrong : List.of(own, own.resolve("inner"), link.resolve("a/b"), link)) {
        assertThatThrownBy(() -> songs.snapshot(wrong, Progress.NONE))
            .isInstanceOf(StorageException.class)
            .hasMessageContaining("own data folder");
      }
      assertThat(own.resolve("inner")).doesNotExist();
    }
  }

  @Test
  void refusesFolderThatIsNeitherEmptyNorADataFolder() throws IOException {
    Files.createDirectories(backup());
    Files.writeString(backup().resolve("letters.txt"), "dear");
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      assertThatThrownBy(() -> songs.snapshot(backup(), Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("letters.txt")
          .hasMessageContaining("is no data folder");
      assertThatThrownBy(() -> songs.snapshot(backup().resolve("letters.txt"), Progress.NONE))
          .isInstanceOf(StorageException.class);
    }
    assertThat(files(backup(), "")).containsExactly(backup().resolve("letters.txt"));
  }

  @Test
  void refusesFolderWithAnotherCollectionOfThatName() {
    try (SoniDb other = SoniDb.open(backup())) {
      other.create("songs", spec()).upsert("1", new float[DIMENSION]);
    }
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      assertThatThrownBy(() -> songs.snapshot(backup(), Progress.NONE))
          .hasMessageContaining("another collection named songs");
    }
    try (SoniDb other = SoniDb.open(backup())) {
      assertThat(other.collection("songs").count()).isEqualTo(1);
    }
  }

  @Test
  void refusesFolderThatIsOpen() {
    try (SoniDb db = open();
        SoniDb other = SoniDb.open(backup())) {
      Collection songs = db.create("songs", spec());
      assertThatThrownBy(() -> songs.snapshot(backup(), Progress.NONE))
          .isInstanceOf(FolderLockedException.class)
          .hasMessageContaining("in use");
      assertThat(other.collections()).isEmpty();
    }
  }

  @Test
  void refusesSnapshotThatWasWrittenToSince() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 100);
      songs.snapshot(backup(), Progress.NONE);
      try (SoniDb other = SoniDb.open(backup())) {
        other.collection("songs").upsert("new", new float[DIMENSION]);
      }
      fill(songs, 100, 300);
      assertThatThrownBy(() -> songs.snapshot(backup(), Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("was written to since");
      try (SoniDb other = SoniDb.open(backup())) {
        other.collection("songs").buildIndex();
      }
      assertThatThrownBy(() -> songs.snapshot(backup(), Progress.NONE))
          .hasMessageContaining("holds other records");
    }
    try (SoniDb other = SoniDb.open(backup())) {
      assertThat(other.collection("songs").get("new")).isPresent();
    }
  }

  @Test
  void refusesToReplaceANewerSnapshotByAnOlderState() {
    Path older = folder.resolve("older");
    Map<VectorId, Model.Value> newest;
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 10);
      songs.snapshot(older, Progress.NONE);
      fill(songs, 10, 20);
      songs.snapshot(backup(), Progress.NONE);
      newest = contents(songs);
    }
    try (SoniDb db = SoniDb.open(folder.resolve("restored"))) {
      db.restore(older, Progress.NONE);
      Collection songs = db.collection("songs");
      assertThatThrownBy(() -> songs.snapshot(backup(), Progress.NONE))
          .hasMessageContaining("holds a newer state, write 20 of epoch 1")
          .hasMessageContaining("write 10 of epoch 2");
    }
    assertHolds(backup(), "songs", newest);
  }

  @Test
  void namesADamagedFileAndLeavesTheOlderSnapshot() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 1000);
      songs.snapshot(backup(), true, Progress.NONE);
      Map<VectorId, Model.Value> before = contents(songs);
      fill(songs, 1000, 1100);
      songs.buildIndex();
      Path newest = files(folder.resolve("db"), ".flac").getLast();
      byte[] bytes = Files.readAllBytes(newest);
      bytes[bytes.length / 2] ^= 16;
      Files.write(newest, bytes);
      assertThatThrownBy(() -> songs.snapshot(backup(), true, Progress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("segments/" + newest.getFileName() + " is damaged");
      assertHolds(backup(), "songs", before);
      Files.write(newest, java.util.Arrays.copyOf(bytes, bytes.length - 1));
      assertThatThrownBy(() -> songs.snapshot(backup(), false, Progress.NONE))
          .hasMessageContaining("segments/" + newest.getFileName());
      Files.delete(newest);
      assertThatThrownBy(() -> songs.snapshot(backup(), false, Progress.NONE))
          .hasMessageContaining("segments/" + newest.getFileName() + " is missing");
      assertHolds(backup(), "songs", before);
    }
  }

  // What it does ------------------------------------------------------------------------------

  @Test
  void isADataFolderThatHoldsTheCollection() throws Exception {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 5000);
      songs.delete(List.of(Model.id(1, 7)));
      songs.overwritePayload(List.of(Model.id(1, 8)), Payload.ofJson("{\"a\":1}"));
      List<Long> done = new ArrayList<>();
      SnapshotReport report = songs.snapshot(backup(), (bytes, total, unit) -> done.add(bytes));
      assertThat(report.collection()).isEqualTo("songs");
      assertThat(report.vectors()).isEqualTo(4999);
      assertThat(report.sequence()).isEqualTo(songs.lastSequence());
      assertThat(report.segments()).isEqualTo(files(backup(), ".flac").size());
      assertThat(report.linked()).isTrue();
      assertThat(report.newBytes()).isEqualTo(report.bytes()).isEqualTo(done.getLast());
      assertHolds(backup(), "songs", contents(songs));
      assertThat(files(backup(), "index.sfv")).hasSize(1);
      assertThat(files(backup(), ".new")).isEmpty();
    }
  }

  @Test
  void passesTheChecksOfCksfv() throws Exception {
    assumeThat(Path.of("/usr/bin/cksfv")).exists();
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 5000);
      songs.snapshot(backup(), true, Progress.NONE);
    }
    Path sfv = files(backup(), "index.sfv").getFirst();
    Process process =
        new ProcessBuilder("/usr/bin/cksfv", "-g", sfv.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).contains(".flac");
  }

  @Test
  void bringsNothingAgainThatIsThere() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 5000);
      SnapshotReport first = songs.snapshot(backup(), Progress.NONE);
      SnapshotReport second = songs.snapshot(backup(), Progress.NONE);
      assertThat(second.newBytes()).isZero();
      assertThat(second.bytes()).isEqualTo(first.bytes());
      fill(songs, 5000, 5010);
      SnapshotReport third = songs.snapshot(backup(), Progress.NONE);
      assertThat(third.newBytes()).isBetween(1L, 20_000L);
      assertHolds(backup(), "songs", contents(songs));
      // Opening it has left a checkpoint of an older state.
      fill(songs, 5010, 5020);
      songs.snapshot(backup(), Progress.NONE);
      assertHolds(backup(), "songs", contents(songs));
    }
  }

  @Test
  void bringsAgainWhatIsMissingOrCutInTheFolder() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 5000);
      songs.snapshot(backup(), true, Progress.NONE);
      Path first = files(backup(), ".flac").getFirst();
      Path last = files(backup(), ".flac").getLast();
      assertThat(first).isNotEqualTo(last);
      long size = Files.size(first) + Files.size(last) + Files.size(files(backup(), ".idx").get(0));
      Files.delete(first);
      Files.write(last, new byte[10]);
      Files.delete(files(backup(), ".idx").getFirst());
      Files.delete(files(backup(), ".sfv").getFirst());
      assertThat(songs.snapshot(backup(), true, Progress.NONE).newBytes()).isEqualTo(size);
      assertHolds(backup(), "songs", contents(songs));
    }
  }

  @Test
  void keepsItsStateWhateverHappensToTheCollection() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 5000);
      songs.snapshot(backup(), Progress.NONE);
      Map<VectorId, Model.Value> before = contents(songs);
      List<Path> names = files(backup(), ".flac");
      fill(songs, 0, 3000);
      songs.delete(List.of(Model.id(1, 4000)));
      songs.compact(true, Progress.NONE);
      assertHolds(backup(), "songs", before);

      SnapshotReport report = songs.snapshot(backup(), Progress.NONE);
      assertHolds(backup(), "songs", contents(songs));
      assertThat(report.vectors()).isEqualTo(4999);
      assertThat(files(backup(), ".flac")).hasSize((int) report.segments());
      assertThat(files(backup(), ".flac")).doesNotContainAnyElementsOf(names);
      assertThat(files(backup(), ".idx")).hasSize((int) report.segments());
      Map<VectorId, Model.Value> after = contents(songs);
      db.drop("songs");
      assertHolds(backup(), "songs", after);
    }
  }

  @Test
  void holdsTheMomentAtWhichItBegan() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 3000);
      Map<VectorId, Model.Value> before = contents(songs);
      Path collections = backup().resolve("collections");
      try (LogSnapshot snapshot = new LogSnapshot(songs.engine().log(), false)) {
        fill(songs, 0, 2000);
        songs.delete(List.of(Model.id(1, 2500)));
        songs.compact(true, Progress.NONE);
        snapshot.create(collections.resolve("new-a"), collections.resolve("c-a"), (a, b, c) -> {});
      }
      assertHolds(backup(), "songs", before);
    }
  }

  @Test
  void staysAsItIsWhenItIsOpened() throws Exception {
    TestClock clock = new TestClock();
    SoniDbOptions options = new SoniDbOptions(1).clock(clock);
    try (SoniDb db = SoniDb.open(folder.resolve("db"), options.compaction(false))) {
      Collection songs = db.create("songs", spec().timeToLive(Duration.ofHours(1)));
      for (int i = 0; i < 6; i++) {
        fill(songs, 0, 10);
        songs.buildIndex();
      }
      songs.snapshot(backup(), true, Progress.NONE);
      List<byte[]> manifest = contentsOf(files(backup(), "collection.json"));
      List<byte[]> segments = contentsOf(files(backup(), ".flac"));
      clock.advance(Duration.ofHours(2));
      try (SoniDb other = SoniDb.open(backup(), options)) {
        Thread.sleep(1500); // enough for what must not happen
        assertThat(contents(other.collection("songs"))).isEmpty();
      }
      assertThat(contentsOf(files(backup(), "collection.json")))
          .usingRecursiveComparison()
          .isEqualTo(manifest);
      assertThat(contentsOf(files(backup(), ".flac")))
          .usingRecursiveComparison()
          .isEqualTo(segments);
      assertThat(songs.verifyIntegrity().ok()).isTrue();
      fill(songs, 0, 20);
      songs.snapshot(backup(), true, Progress.NONE);
      try (SoniDb other = SoniDb.open(backup(), options)) {
        Collection copy = other.collection("songs");
        assertThat(contents(copy)).isEqualTo(contents(songs));
        copy.upsert("new", new float[DIMENSION]);
        copy.compact(true, Progress.NONE);
        assertThat(copy.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      }
    }
  }

  private static List<byte[]> contentsOf(List<Path> files) throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files) {
      contents.add(Files.readAllBytes(file));
    }
    return contents;
  }

  @Test
  void sharesTheDiskUnlessCopiesAreAskedFor() throws IOException {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 100);
      songs.snapshot(backup(), Progress.NONE);
      Path segment = files(backup(), ".flac").getFirst();
      Path own = files(folder.resolve("db"), segment.getFileName().toString()).getFirst();
      assertThat(Files.isSameFile(segment, own)).isTrue();
      SnapshotReport copied = songs.snapshot(backup(), true, Progress.NONE);
      assertThat(copied.linked()).isFalse();
      assertThat(copied.newBytes()).isEqualTo(copied.bytes());
      assertThat(Files.isSameFile(segment, own)).isFalse();
      assertThat(songs.snapshot(backup(), true, Progress.NONE).newBytes()).isZero();
      assertHolds(backup(), "songs", contents(songs));
    }
  }

  @Test
  void copiesToAnotherFileSystem() throws IOException {
    Path memory = Path.of("/dev/shm");
    assumeThat(
            Files.isWritable(memory)
                && !Files.getFileStore(memory).equals(Files.getFileStore(folder)))
        .as("another file system")
        .isTrue();
    Path other = Files.createTempDirectory(memory, "sonidb-snapshot");
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      fill(songs, 0, 5000);
      SnapshotReport report = songs.snapshot(other, Progress.NONE);
      assertThat(report.linked()).isFalse();
      assertThat(report.newBytes()).isEqualTo(report.bytes());
      assertThat(songs.snapshot(other, Progress.NONE).newBytes()).isZero();
      assertHolds(other, "songs", contents(songs));
    } finally {
      io.sonidb.store.FileStorage.INSTANCE.deleteAll(other);
    }
  }

  @Test
  void holdsSeveralCollectionsSomeOfThemEmpty() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      Collection empty = db.create("empty", CollectionSpec.dimension(3));
      fill(songs, 0, 100);
      songs.snapshot(backup(), Progress.NONE);
      SnapshotReport none = empty.snapshot(backup(), Progress.NONE);
      assertThat(none.segments()).isZero();
      assertThat(none.vectors()).isZero();
      assertHolds(backup(), "songs", contents(songs));
      assertHolds(backup(), "empty", Map.of());
      assertThat(empty.snapshot(backup(), Progress.NONE).newBytes()).isZero();
    }
  }

  @Test
  void holdsWholeBatchesWhileOthersWrite() throws Exception {
    int writers = 4;
    int ids = 50;
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      AtomicLongArray acknowledged = new AtomicLongArray(writers);
      AtomicBoolean stop = new AtomicBoolean();
      List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < writers; t++) {
        int writer = t;
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    for (int round = 1; !stop.get(); round++) {
                      songs.upsert(batch(writer, ids, round));
                      acknowledged.set(writer, round);
                    }
                  } catch (Throwable e) {
                    failures.add(e);
                  }
                }));
      }
      try {
        for (int i = 0; i < 12; i++) {
          Thread.sleep(i * 20L); // so that segments fill up, and are compacted, in between
          long[] atLeast = new long[writers];
          for (int t = 0; t < writers; t++) {
            atLeast[t] = acknowledged.get(t);
          }
          SnapshotReport report = songs.snapshot(backup(), i % 3 == 2, Progress.NONE);
          assertBatchesAreWhole(report, atLeast, ids);
        }
      } finally {
        stop.set(true);
        for (Thread thread : threads) {
          thread.join();
        }
      }
      assertThat(failures).isEmpty();
      songs.snapshot(backup(), Progress.NONE);
      assertHolds(backup(), "songs", contents(songs));
    }
  }

  private static List<Point> batch(int writer, int ids, int round) {
    float[] values = new float[DIMENSION];
    java.util.Arrays.fill(values, round);
    List<Point> points = new ArrayList<>();
    for (int k = 0; k < ids; k++) {
      points.add(Point.of(Model.id(writer, k), Vector.sharing(values)));
    }
    return points;
  }

  private void assertBatchesAreWhole(SnapshotReport report, long[] atLeast, int ids) {
    try (SoniDb db = SoniDb.open(backup())) {
      assertThat(db.warnings()).isEmpty();
      Collection songs = db.collection("songs");
      assertThat(songs.count()).isEqualTo(report.vectors());
      assertThat(songs.lastSequence()).isEqualTo(report.sequence());
      for (int t = 0; t < atLeast.length; t++) {
        List<Float> rounds = new ArrayList<>();
        for (int k = 0; k < ids; k++) {
          songs.get(Model.id(t, k)).ifPresent(point -> rounds.add(point.vector().floatAt(0)));
        }
        if (atLeast[t] > 0 || !rounds.isEmpty()) {
          assertThat(rounds).as("vectors of writer " + t).hasSize(ids);
          assertThat(rounds.getFirst()).isGreaterThanOrEqualTo((float) atLeast[t]);
          assertThat(rounds).containsOnly(rounds.getFirst());
        }
      }
      assertThat(songs.verifyIntegrity().damaged()).isEmpty();
    }
  }
}
