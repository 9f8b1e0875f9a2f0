package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.DamageFixture.Place;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One flipped bit, anywhere: it is always noticed, and costs at most the record that it is in.
class BitFlipTest {
  private static final int FEW = 200;
  private static final int MANY = 2000;

  private static DamageFixture usual;
  private static DamageFixture wide;
  private static DamageFixture longRecords;

  private DamageFixture fixture;
  private Random random = new Random(0);

  @BeforeAll
  static void makeCollection() throws IOException {
    usual = new DamageFixture(1);
    wide = new DamageFixture(2, 24, ElementType.FLOAT64, 0);
    // Each record is a run of two frames or more.
    longRecords = new DamageFixture(3, 5000, ElementType.FLOAT32, 30_000);
  }

  @BeforeEach
  void takeTheUsualCollection() {
    fixture = usual;
  }

  @Test
  void noticesEveryFlippedBit() throws Exception {
    flip(FEW);
  }

  @Tag("slow")
  @Test
  void noticesEveryOneOf2000FlippedBits() throws Exception {
    flip(MANY);
  }

  private void flip(int flips) throws Exception {
    long first = Seeds.seed(1);
    int count = Long.getLong("sonidb.seed") == null ? flips : 1;
    for (long seed = first; seed < first + count; seed++) {
      random = Seeds.random(seed);
      try {
        int choice = random.nextInt(8);
        fixture = choice == 0 ? wide : choice == 1 ? longRecords : usual;
        if (random.nextInt(3) > 0) {
          flipInFrames();
        } else {
          flipElsewhere();
        }
      } catch (Throwable e) {
        throw new AssertionError(Seeds.again(seed), e);
      }
    }
  }

  private void flipInFrames() throws Exception {
    Place place = fixture.places.get(random.nextInt(fixture.places.size()));
    ForgetfulStorage storage = fixture.closed.copy();
    storage.flip(place.file(), place.offset() * 8 + random.nextInt(place.length() * 8));
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      assertCostsOnly(songs, place);
      if (random.nextInt(6) > 0) {
        return;
      }
      songs.upsert(VectorId.parse("new"), fixture.zero(), Payload.EMPTY);
      if (random.nextBoolean()) {
        assertThat(songs.buildIndex().damaged()).isEqualTo(place.sealed() ? 0 : 1);
      }
      assertCostsOnly(songs, place);
    }
    // It stays so after a restart and further writes, and an index made from the audio.
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      assertCostsOnly(songs, place);
      songs.upsert(VectorId.parse("new"), fixture.zero(), Payload.EMPTY);
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      fixture.assertHoldsAllBut(songs, place.id().stream().toList());
      assertThat(songs.verifyIntegrity().damaged()).anyMatch(place::isIn);
    }
    assertThat(storage.openFiles()).isEmpty();
  }

  private void assertCostsOnly(Collection songs, Place place) throws Exception {
    for (boolean deep : new boolean[] {false, true}) {
      assertThat(songs.verifyIntegrity(deep, Progress.NONE).damaged())
          .as("%s verify", deep ? "deep" : "quick")
          .singleElement()
          .matches(place::isNamedBy, "names " + place);
    }
    List<VectorId> lost = place.live() ? place.id().stream().toList() : List.of();
    fixture.assertHoldsAllBut(songs, lost);
    for (VectorId id : lost) {
      assertThatThrownBy(() -> songs.get(id))
          .asInstanceOf(InstanceOfAssertFactories.type(DamagedRecordException.class))
          .matches(e -> place.isNamedBy(e.damage()));
      assertThatThrownBy(() -> songs.get(List.of(Model.id(0, 1), id)))
          .isInstanceOf(DamagedRecordException.class);
      assertThatThrownBy(() -> songs.streamVector(id)).isInstanceOf(DamagedRecordException.class);
    }
    assertScrollsPast(songs, lost);
    SearchResult result = songs.search(Query.nearest(fixture.zero(), 1000));
    assertThat(result.damaged()).hasSize(lost.size()).allMatch(place::isNamedBy);
    assertThat(result.hits()).hasSize((int) songs.count() - lost.size());
    assertTellsWhatIsLost(songs, place);
  }

  private void assertScrollsPast(Collection songs, List<VectorId> lost) {
    int damaged = 0;
    int found = 0;
    try (PointCursor cursor = songs.scroll()) {
      while (true) {
        try {
          if (!cursor.hasNext()) {
            break;
          }
          cursor.next();
          found++;
        } catch (DamagedRecordException e) {
          damaged++;
        }
      }
    }
    assertThat(damaged).isEqualTo(lost.size());
    assertThat(found).isEqualTo((int) songs.count() - lost.size());
  }

  private void assertTellsWhatIsLost(Collection songs, Place place) throws Exception {
    int lost = 0;
    int changes = 0;
    try (Subscription subscription = songs.subscribe(0)) {
      for (Optional<Change> change = subscription.next(Duration.ZERO);
          change.isPresent();
          change = subscription.next(Duration.ZERO)) {
        changes++;
        if (change.get() instanceof Change.Lost(Damage damage, long _)) {
          lost++;
          assertThat(damage).matches(place::isNamedBy);
        }
      }
    }
    assertThat(lost).isEqualTo(1);
    assertThat((long) changes).isEqualTo(songs.lastSequence());
  }

  private void flipElsewhere() throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    List<Path> files =
        storage.files().stream().filter(file -> file.startsWith(fixture.collection)).toList();
    Path file = files.get(random.nextInt(files.size()));
    boolean segment = file.toString().endsWith(".flac");
    long size = segment ? 8192 : storage.bytes(file).length;
    boolean sealed =
        fixture.places.stream().anyMatch(place -> place.file().equals(file) && place.sealed());
    storage.flip(file, random.nextLong(size * 8));
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      fixture.assertHoldsAll(songs);
      if (segment && sealed) {
        for (boolean deep : new boolean[] {false, true}) {
          assertThat(songs.verifyIntegrity(deep, Progress.NONE).damaged())
              .singleElement()
              .matches(damage -> damage.file().equals("segments/" + file.getFileName()))
              .matches(damage -> damage.reason().contains("metadata"));
        }
        assertThat(songs.buildIndex().repaired())
            .anyMatch(line -> line.contains("file metadata restored"));
      } else {
        assertThat(db.warnings()).as("a bit of %s", file).isNotEmpty();
      }
      PowerLossTest.assertIsWhole(songs);
      fixture.assertHoldsAll(songs);
      songs.upsert(VectorId.parse("new"), fixture.zero(), Payload.EMPTY);
    }
    try (SoniDb db = DamageFixture.open(storage)) {
      assertThat(db.warnings()).isEmpty();
      PowerLossTest.assertIsWhole(db.collection("songs"));
      fixture.assertHoldsAllBut(db.collection("songs"), List.of());
    }
  }

  @Test
  void reportsAFlippedBitAfterTheProcessDied() throws Exception {
    List<Place> open = fixture.places.stream().filter(place -> !place.sealed()).toList();
    // The last batch may be what was being written, so damage in it is taken for a torn write.
    List<VectorId> lastBatch =
        open.subList(open.size() - 5, open.size()).stream()
            .flatMap(place -> place.id().stream())
            .toList();
    for (int seed = 0; seed < 60; seed++) {
      random = Seeds.random(seed);
      Place place = open.get(random.nextInt(open.size()));
      ForgetfulStorage storage = fixture.dead.copy();
      storage.flip(place.file(), place.offset() * 8 + random.nextInt(place.length() * 8));
      try (SoniDb db = DamageFixture.open(storage)) {
        assertThat(db.warnings()).as("warnings").isNotEmpty();
        Collection songs = db.collection("songs");
        List<VectorId> lost = new ArrayList<>(place.id().stream().toList());
        if (db.warnings().stream().anyMatch(warning -> warning.contains("unfinished write"))) {
          lost.addAll(lastBatch);
        } else {
          assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged())
              .singleElement()
              .matches(place::isIn);
        }
        fixture.assertHoldsAllBut(songs, lost);
        songs.upsert(VectorId.parse("new"), fixture.zero(), Payload.EMPTY);
        fixture.assertHoldsAllBut(songs, lost);
      }
    }
  }

  @TempDir Path folder;

  private Path realCopy() throws IOException {
    ForgetfulStorage storage = fixture.closed;
    Path copy = Files.createTempDirectory(folder, "db");
    for (Path file : storage.files()) {
      Path to = copy.resolve(DamageFixture.FOLDER.relativize(file).toString());
      Files.createDirectories(Optional.ofNullable(to.getParent()).orElseThrow());
      Files.write(to, storage.bytes(file));
    }
    return copy;
  }

  private static void flipReal(Path file, long bit) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, bit >>> 3);
      one.put(0, (byte) (one.get(0) ^ 1 << (bit & 7)));
      channel.write(one.flip(), bit >>> 3);
    }
  }

  private static Path real(Path copy, Path file) {
    return copy.resolve(DamageFixture.FOLDER.relativize(file).toString());
  }

  @Test
  void noticesFlippedBitsInRealFilesWhileTheDatabaseIsOpen() throws Exception {
    Path copy = realCopy();
    List<Place> sealed = fixture.places.stream().filter(Place::sealed).toList();
    try (SoniDb db = SoniDb.open(copy)) {
      Collection songs = db.collection("songs");
      for (int seed = 0; seed < 20; seed++) {
        random = Seeds.random(seed);
        Place place = sealed.get(random.nextInt(sealed.size()));
        long bit = place.offset() * 8 + random.nextInt(place.length() * 8);
        flipReal(real(copy, place.file()), bit);
        assertCostsOnly(songs, place);
        flipReal(real(copy, place.file()), bit);
        PowerLossTest.assertIsWhole(songs);
      }
      fixture.assertHoldsAll(songs);
    }
  }

  @Test
  void noticesAFlippedBitOfTheOpenSegmentOnTheDiskWhileItIsOpen() throws Exception {
    Path copy = realCopy();
    Place place =
        fixture.places.stream()
            .filter(each -> !each.sealed() && each.live())
            .findFirst()
            .orElseThrow();
    try (SoniDb db = SoniDb.open(copy)) {
      Collection songs = db.collection("songs");
      songs.upsert(VectorId.parse("new"), fixture.zero(), Payload.EMPTY);
      flipReal(real(copy, place.file()), place.offset() * 8 + 300);
      assertThat(songs.verifyIntegrity().damaged()).singleElement().matches(place::isNamedBy);
      assertThat(songs.buildIndex().damaged()).isEqualTo(1);
      assertThat(songs.verifyIntegrity().damaged()).singleElement().matches(place::isNamedBy);
    }
  }

  // Whole files ---------------------------------------------------------------------------------

  private void damage(
      Function<ForgetfulStorage, List<VectorId>> act, boolean isDamage, String... warnings)
      throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    List<VectorId> lost = act.apply(storage);
    try (SoniDb db = DamageFixture.open(storage)) {
      for (String warning : warnings) {
        assertThat(db.warnings()).anyMatch(line -> line.contains(warning));
      }
      Collection songs = db.collection("songs");
      fixture.assertHoldsAllBut(songs, lost);
      for (VectorId id : lost) {
        assertThatThrownBy(() -> songs.get(id)).isInstanceOf(DamagedRecordException.class);
      }
      assertThat(songs.verifyIntegrity(false, Progress.NONE).ok()).isEqualTo(!isDamage);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).ok()).isEqualTo(!isDamage);
      long next = songs.upsert(VectorId.parse("new"), fixture.zero(), Payload.EMPTY);
      assertThat(next).as("numbers are not used twice").isGreaterThan(numberOfRecords());
    }
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      fixture.assertHoldsAllBut(songs, lost);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).ok()).isEqualTo(!isDamage);
      assertThat(songs.get("new")).isPresent();
      songs.buildIndex();
      fixture.assertHoldsAllBut(songs, lost);
    }
    assertThat(storage.openFiles()).isEmpty();
  }

  private long numberOfRecords() {
    return fixture.places.size();
  }

  private List<VectorId> live(Path file, long from) {
    return fixture.places.stream()
        .filter(place -> place.live() && place.file().equals(file))
        .filter(place -> place.offset() + place.length() > from)
        .flatMap(place -> place.id().stream())
        .toList();
  }

  private static void unchecked(IoAction action) {
    try {
      action.run();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private interface IoAction {
    void run() throws IOException;
  }

  private Stream<Path> segments() {
    return fixture.places.stream().map(Place::file).distinct();
  }

  @Test
  void keepsAllOthersWhenASegmentLostItsEnd() throws Exception {
    for (Path file : segments().toList()) {
      for (int cut : new int[] {1, 700, 3000}) {
        int size = fixture.closed.bytes(file).length - cut;
        damage(
            storage -> {
              unchecked(
                  () -> storage.put(file, java.util.Arrays.copyOf(storage.bytes(file), size)));
              return live(file, size);
            },
            true,
            "damage in segments/" + file.getFileName(),
            "instead of");
      }
    }
  }

  @Test
  void keepsAllOthersWhenASegmentIsMissing() throws Exception {
    for (Path file : segments().toList()) {
      damage(
          storage -> {
            unchecked(() -> storage.take(file));
            return live(file, 0);
          },
          true,
          "damage in segments/" + file.getFileName() + ": the file is missing");
    }
  }

  @Test
  void makesMissingIndexFilesAgain() throws Exception {
    for (String end : List.of(".idx", "directory.bin", "index.sfv")) {
      for (Path file : fixture.files(end)) {
        damage(
            storage -> {
              unchecked(() -> storage.take(file));
              return List.of();
            },
            false);
      }
    }
    damage(
        storage -> {
          for (String end : List.of(".idx", "directory.bin", "index.sfv", "collection.json")) {
            fixture.files(end).forEach(file -> unchecked(() -> storage.take(file)));
          }
          return List.of();
        },
        false,
        "collection.json is missing: rebuilt from the segments");
  }

  @Test
  void makesTheManifestAgainFromTheAudio() throws Exception {
    for (Path manifest : fixture.files("collection.json")) {
      damage(
          storage -> {
            unchecked(() -> storage.take(manifest));
            return List.of();
          },
          false,
          "collection.json is missing: rebuilt from the segments");
      damage(
          storage -> {
            unchecked(() -> storage.put(manifest, new byte[100]));
            return List.of();
          },
          false,
          "rebuilt from the segments");
    }
  }

  @Test
  void keepsWhatWasWrittenSinceAnOlderManifestThatIsPutBack() throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    Path manifest = fixture.files("collection.json").getFirst();
    byte[] older = storage.bytes(manifest);
    try (SoniDb db = DamageFixture.open(storage)) {
      for (int i = 0; i < 20; i++) {
        db.collection("songs").upsert("new " + i, new float[DamageFixture.DIMENSION]);
      }
    }
    storage.put(manifest, older);
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      for (int i = 0; i < 20; i++) {
        assertThat(songs.get("new " + i)).isPresent();
      }
      fixture.assertHoldsAllBut(songs, List.of());
      PowerLossTest.assertIsWhole(songs);
      songs.upsert("newer", new float[DamageFixture.DIMENSION]);
    }
    try (SoniDb db = DamageFixture.open(storage)) {
      assertThat(db.collection("songs").get("newer")).isPresent();
      LogNumbers.assertHaveNoGaps(db.collection("songs"));
      PowerLossTest.assertIsWhole(db.collection("songs"));
    }
  }

  @Test
  void leavesStrayFilesAlone() throws Exception {
    Path segment = segments().findFirst().orElseThrow();
    damage(
        storage -> {
          unchecked(() -> {
            storage.put(fixture.segmentFile("0001-00000077.flac"), storage.bytes(segment));
            storage.put(fixture.segmentFile("notes.txt"), new byte[10]);
            storage.put(fixture.segmentFile("0001-99999999.flac"), new byte[20_000]);
            storage.put(fixture.segmentFile("x.idx"), new byte[10]);
            storage.put(fixture.collection.resolve("mine.txt"), new byte[10]);
            storage.put(fixture.segmentFile("0001-00000078.flac"), new byte[0]);
          });
          return List.of();
        },
        false,
        "0001-00000077.flac is not in collection.json and ignored");
  }

  @Test
  void opensACopiedDataFolderAndRefusesACopyBesideTheOriginal() throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    Path copy = fixture.collection.resolveSibling(fixture.collection.getFileName() + " copy");
    storage.createFolders(copy.resolve("segments"));
    for (Path file : storage.files()) {
      if (file.startsWith(fixture.collection)) {
        storage.put(copy.resolve(fixture.collection.relativize(file)), storage.bytes(file));
      }
    }
    try (SoniDb db = DamageFixture.open(storage)) {
      assertThat(db.warnings()).singleElement().asString().contains("is left out");
      db.collection("songs").upsert("new", new float[DamageFixture.DIMENSION]);
    }
    assertThat(storage.openFiles()).isEmpty();
    try (SoniDb db = DamageFixture.open(storage)) {
      assertThat(db.collection("songs").get("new")).isPresent();
      fixture.assertHoldsAllBut(db.collection("songs"), List.of());
    }
    try (SoniDb db = SoniDb.open(realCopy())) {
      fixture.assertHoldsAll(db.collection("songs"));
      try (InputStream stream = db.collection("songs").stream(1, false)) {
        assertThat(stream.readAllBytes()).isNotEmpty();
      }
    }
  }
}
