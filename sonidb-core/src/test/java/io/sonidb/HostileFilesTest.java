package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.DamageFixture.Place;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Files that no accident makes: another collection's, garbage, and absurd values under right
/// checksums. Nothing may hang, run out of memory, or throw what the API does not announce; and a
/// vector is read as it was written or not at all.
class HostileFilesTest {
  private static final int FEW = 40;
  private static final int MANY = 3000;

  private static final long[] ABSURD = {
    -1,
    0,
    1,
    2,
    63,
    0x7FFF,
    0xFFFF,
    1L << 24,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    (1L << 32) - 1,
    1L << 36,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private static DamageFixture fixture;
  private static DamageFixture other;

  @BeforeAll
  static void makeCollections() throws IOException {
    fixture = new DamageFixture(1);
    other = new DamageFixture(2);
  }

  // Using everything ----------------------------------------------------------------------------

  private interface Use {
    void run() throws Exception;
  }

  private static void allowed(Use use) throws Exception {
    try {
      use.run();
    } catch (SoniDbException | IllegalArgumentException announced) {
      // This is what callers are told to expect.
    }
  }

  /// Opens the database and does whatever the API offers; whatever is read must be right.
  private static void useEverything(ForgetfulStorage storage) throws Exception {
    for (int time = 0; time < 2; time++) {
      try (SoniDb db = DamageFixture.open(storage)) {
        for (String name : db.collections()) {
          useEverything(db.collection(name), time == 1);
        }
        allowed(() -> db.create("another", CollectionSpec.dimension(3)));
        allowed(() -> db.drop("another"));
      } catch (SoniDbException closing) {
        assertThat(closing).isInstanceOf(StorageException.class);
      }
    }
    assertThat(storage.openFiles()).isEmpty();
  }

  private static void useEverything(Collection songs, boolean full) throws Exception {
    readEverything(songs);
    for (boolean deep : new boolean[] {false, true}) {
      allowed(() -> songs.verifyIntegrity(deep, Progress.NONE));
    }
    allowed(() -> songs.upsert("new", new float[DamageFixture.DIMENSION]));
    allowed(() -> songs.delete("new"));
    allowed(() -> songs.buildIndex(new IndexOptions(full, true), Progress.NONE));
    allowed(() -> songs.upsert("newer", new float[DamageFixture.DIMENSION]));
    readEverything(songs);
    allowed(songs::verifyIntegrity);
  }

  private static void readEverything(Collection songs) throws Exception {
    for (int k = 0; k < 60; k++) {
      VectorId id = Model.id(0, k);
      allowed(
          () -> songs.get(id).ifPresent(point -> assertThat(isKnown(id, point.vector())).isTrue()));
      allowed(() -> {
        try (InputStream stream = songs.streamVector(id)) {
          stream.readAllBytes();
        }
      });
    }
    allowed(() -> {
      try (PointCursor cursor = songs.scroll()) {
        for (int left = 10_000; left > 0; left--) {
          try {
            if (!cursor.hasNext()) {
              break;
            }
            cursor.next();
          } catch (DamagedRecordException next) {
            // The cursor is behind it.
          }
        }
      }
    });
    allowed(() -> songs.search(Query.nearest(Vector.of(new float[DamageFixture.DIMENSION]), 5)));
    AtomicLong scanned = new AtomicLong();
    allowed(() -> songs.scan((_, _) -> scanned.incrementAndGet()));
    try (Subscription changes = songs.subscribe(0)) {
      int left = 10_000;
      while (left > 0 && changes.next(Duration.ZERO).isPresent()) {
        left--;
      }
    }
    allowed(() -> {
      try (InputStream stream = songs.stream(0, false)) {
        stream.readNBytes(1 << 20);
      }
    });
    allowed(songs::stats);
    assertThat(songs.count()).isBetween(0L, 10_000L);
  }

  /// Whether the vector was ever written under that id.
  private static boolean isKnown(VectorId id, Vector vector) {
    return fixture.written.getOrDefault(id, List.of()).contains(vector);
  }

  // Segments ------------------------------------------------------------------------------------

  private static List<Path> segments() {
    return fixture.places.stream().map(Place::file).distinct().toList();
  }

  private static List<VectorId> liveIn(Path file) {
    return fixture.places.stream()
        .filter(place -> place.live() && place.file().equals(file))
        .flatMap(place -> place.id().stream())
        .toList();
  }

  /// What is lost with a segment, beside nothing.
  private static final List<String> LOST = List.of("", ".idx", "directory.bin", "collection.json");

  private int replacements;

  /// @param everyLoss whether to lose each index in turn, not only the one whose turn it is
  private void replaced(Path segment, byte[] bytes, boolean everyLoss) throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    storage.put(segment, bytes);
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      fixture.assertHoldsAllBut(songs, liveIn(segment));
      for (VectorId id : liveIn(segment)) {
        assertThatThrownBy(() -> songs.get(id)).isInstanceOf(DamagedRecordException.class);
      }
      assertThat(songs.verifyIntegrity(false, Progress.NONE).ok()).isFalse();
      assertThat(songs.verifyIntegrity(true, Progress.NONE).ok()).isFalse();
    }
    List<String> lost = everyLoss ? LOST : List.of(LOST.get(replacements++ % LOST.size()));
    for (String index : lost) {
      ForgetfulStorage without = fixture.closed.copy();
      without.put(segment, bytes);
      for (Path file : fixture.files(index)) {
        if (!index.isEmpty()) {
          without.take(file);
        }
      }
      useEverything(without);
    }
  }

  @Test
  void readsNoRecordOfASegmentThatIsReplaced() throws Exception {
    replaceByGarbage(false);
    replaceByAnotherCollections(false);
    replaceByEachOther(false);
  }

  @Tag("slow")
  @Test
  void readsNoRecordOfASegmentThatIsReplacedWhateverElseIsLost() throws Exception {
    replaceByGarbage(true);
    replaceByAnotherCollections(true);
    replaceByEachOther(true);
  }

  private void replaceByGarbage(boolean everyLoss) throws Exception {
    Random random = new Random(1);
    for (Path segment : segments()) {
      byte[] bytes = fixture.closed.bytes(segment);
      byte[] garbage = bytes.clone();
      random.nextBytes(garbage);
      replaced(segment, garbage, everyLoss);
      replaced(segment, new byte[bytes.length], everyLoss);
      Arrays.fill(garbage, (byte) 0xFF);
      replaced(segment, garbage, everyLoss);
      replaced(segment, new byte[0], everyLoss);
      replaced(segment, new byte[100_000], everyLoss);
      replaced(segment, Arrays.copyOf(bytes, 8192), everyLoss);
    }
  }

  private void replaceByAnotherCollections(boolean everyLoss) throws Exception {
    List<Path> theirs = other.files(".flac");
    for (int i = 0; i < segments().size(); i++) {
      replaced(segments().get(i), other.closed.bytes(theirs.get(i)), everyLoss);
    }
  }

  private void replaceByEachOther(boolean everyLoss) throws Exception {
    for (Path segment : segments()) {
      for (Path that : segments()) {
        if (!that.equals(segment)) {
          replaced(segment, fixture.closed.bytes(that), everyLoss);
        }
      }
    }
  }

  // Collections that cannot be opened -----------------------------------------------------------

  @Test
  void keepsACollectionsNameWhenItIsTooNew() throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    putManifest(storage, manifest(storage).replace("\"format\" : 2", "\"format\" : 3"));
    List<Path> before = storage.files();
    try (SoniDb db = DamageFixture.open(storage)) {
      assertThat(db.warnings()).singleElement().asString().contains("has format 3");
      assertThatThrownBy(() -> db.collection("songs"))
          .isInstanceOf(UnsupportedFormatException.class)
          .hasMessageContaining("update it");
      assertThatThrownBy(() -> db.create("songs", CollectionSpec.dimension(2)))
          .isInstanceOf(CollectionExistsException.class)
          .hasMessageContaining("has format 3");
    }
    assertThat(storage.files()).isEqualTo(before);
  }

  @Test
  void opensTheOtherCollectionsWhenOneCannotBe() throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    try (SoniDb db = DamageFixture.open(storage)) {
      db.create("other", CollectionSpec.dimension(2)).upsert("1", new float[] {1, 2});
    }
    storage.put(
        fixture.collection.resolve("collection.json"), "{}".getBytes(StandardCharsets.UTF_8));
    for (Path segment : fixture.files(".flac")) {
      storage.put(segment, new byte[9000]);
    }
    try (SoniDb db = DamageFixture.open(storage)) {
      assertThat(db.warnings())
          .singleElement()
          .asString()
          .contains("left out")
          .contains("no segment tells what the collection is");
      assertThat(db.collection("other").get("1")).isPresent();
      assertThat(db.find("songs")).isEmpty();
    }
    assertThat(storage.openFiles()).isEmpty();
  }

  // Right checksums -----------------------------------------------------------------------------

  private static int crc32(byte[] bytes, int size) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, size);
    return (int) crc.getValue();
  }

  /// Writes a manifest with other text and the CRC-32 that belongs to it.
  private static void putManifest(ForgetfulStorage storage, String text) throws IOException {
    String body = text.substring(0, text.lastIndexOf("  \"crc32\""));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String crc = String.format(Locale.ROOT, "%08x", crc32(bytes, bytes.length));
    storage.put(
        fixture.collection.resolve("collection.json"),
        (body + "  \"crc32\" : \"" + crc + "\"\n}\n").getBytes(StandardCharsets.UTF_8));
  }

  private static String manifest(ForgetfulStorage storage) throws IOException {
    return new String(
        storage.bytes(fixture.collection.resolve("collection.json")), StandardCharsets.UTF_8);
  }

  @Test
  void survivesAManifestWithAbsurdValues() throws Exception {
    absurdManifests(30, 20);
  }

  @Tag("slow")
  @Test
  void survivesAManifestWithEveryAbsurdValue() throws Exception {
    absurdManifests(1, 800);
  }

  /// @param oneIn of how many values one is tried
  /// @param least how many must have been tried
  private void absurdManifests(int oneIn, int least) throws Exception {
    List<String> values = new ArrayList<>();
    for (long value : ABSURD) {
      values.add(Long.toString(value));
    }
    values.addAll(
        List.of(
            "1e300",
            "-0.5",
            "99999999999999999999999999",
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"../../../etc/passwd\"",
            "\"0001-00000002.flac\"",
            "\"0001-99999999.flac\"",
            "\"sealed\"",
            "\"open\"",
            "\"os\"",
            "\"float64\"",
            "[".repeat(5000) + "]".repeat(5000)));
    String text = manifest(fixture.closed);
    Matcher field = Pattern.compile("\" : (\"[^\"]*\"|[^,\\[{\\s]+)").matcher(text);
    Random random = Seeds.random(Seeds.seed(1));
    int tried = 0;
    while (field.find() && field.start() < text.lastIndexOf("\"crc32\"")) {
      for (String value : values) {
        if (random.nextInt(oneIn) == 0) {
          ForgetfulStorage storage = fixture.closed.copy();
          putManifest(
              storage, text.substring(0, field.start(1)) + value + text.substring(field.end(1)));
          useEverything(storage);
          tried++;
        }
      }
    }
    assertThat(tried).isGreaterThan(least);
  }

  @Test
  void survivesIndexesWithAbsurdValues() throws Exception {
    absurdIndexes(FEW);
  }

  @Tag("slow")
  @Test
  void survives3000IndexesWithAbsurdValues() throws Exception {
    absurdIndexes(MANY);
  }

  private static void absurdIndexes(int count) throws Exception {
    long first = Seeds.seed(1);
    int seeds = Long.getLong("sonidb.seed") == null ? count : 1;
    for (long seed = first; seed < first + seeds; seed++) {
      try {
        absurdIndex(Seeds.random(seed));
      } catch (Throwable e) {
        throw new AssertionError(Seeds.again(seed), e);
      }
    }
  }

  private static void absurdIndex(Random random) throws Exception {
    ForgetfulStorage storage = fixture.closed.copy();
    boolean directory = random.nextInt(3) == 0;
    List<Path> files = fixture.files(directory ? "directory.bin" : ".idx");
    Path file = files.get(random.nextInt(files.size()));
    ByteBuffer bytes = ByteBuffer.wrap(storage.bytes(file));
    int body = bytes.capacity() - 4;
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      // Fields lie at even places; the head is where the most harm can be done.
      int at = 2 * random.nextInt((random.nextBoolean() ? Math.min(body, 640) : body) / 2 - 4);
      long value =
          random.nextBoolean()
              ? ABSURD[random.nextInt(ABSURD.length)]
              : bytes.getLong(at) + random.nextInt(9) - 4;
      switch (random.nextInt(3)) {
        case 0 -> bytes.putLong(at, value);
        case 1 -> bytes.putInt(at, (int) value);
        default -> bytes.putShort(at, (short) value);
      }
    }
    String oldCrc = String.format(Locale.ROOT, "%08x", bytes.getInt(body));
    bytes.putInt(body, crc32(bytes.array(), body));
    storage.put(file, bytes.array());
    String newCrc = String.format(Locale.ROOT, "%08x", bytes.getInt(body));
    putManifest(storage, manifest(storage).replace(oldCrc, newCrc));
    useEverything(storage);
    // The audio is as it was, so everything comes back from it.
    try (SoniDb db = DamageFixture.open(storage)) {
      Collection songs = db.collection("songs");
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      fixture.assertHoldsAllBut(songs, List.of());
      PowerLossTest.assertIsWhole(songs);
    }
  }

  // Anything ------------------------------------------------------------------------------------

  @Test
  void survivesRandomHarm() throws Exception {
    harm(FEW);
  }

  @Tag("slow")
  @Test
  void survivesRandomHarmOf3000Seeds() throws Exception {
    harm(MANY);
  }

  private static void harm(int count) throws Exception {
    long first = Seeds.seed(1);
    int seeds = Long.getLong("sonidb.seed") == null ? count : 1;
    for (long seed = first; seed < first + seeds; seed++) {
      try {
        Random random = Seeds.random(seed);
        ForgetfulStorage storage = (random.nextInt(3) == 0 ? fixture.dead : fixture.closed).copy();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
          harm(storage, random);
        }
        useEverything(storage);
      } catch (Throwable e) {
        throw new AssertionError(Seeds.again(seed), e);
      }
    }
  }

  private static void harm(ForgetfulStorage storage, Random random) throws IOException {
    List<Path> files =
        storage.files().stream().filter(file -> file.startsWith(fixture.collection)).toList();
    Path file = files.get(random.nextInt(files.size()));
    byte[] bytes = storage.bytes(file);
    if (bytes.length == 0) {
      return;
    }
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(9)) {
      case 0 -> storage.take(file);
      case 1 -> storage.put(file, Arrays.copyOf(bytes, at));
      case 2 -> storage.put(file, Arrays.copyOf(bytes, bytes.length + random.nextInt(9000)));
      case 3 -> {
        Arrays.fill(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(3000)), (byte) 0);
        storage.put(file, bytes);
      }
      case 4 -> {
        // A piece of one file in another.
        byte[] piece = storage.bytes(files.get(random.nextInt(files.size())));
        int from = random.nextInt(piece.length + 1);
        int size = Math.min(Math.min(piece.length - from, bytes.length - at), 3000);
        System.arraycopy(piece, from, bytes, at, size);
        storage.put(file, bytes);
      }
      case 5 -> {
        byte[] doubled = Arrays.copyOf(bytes, bytes.length + at);
        System.arraycopy(bytes, 0, doubled, bytes.length, at);
        storage.put(file, doubled);
      }
      default -> {
        for (int i = 1 + random.nextInt(10); i > 0; i--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        storage.put(file, bytes);
      }
    }
  }
}
