package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.filter.Filter;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PayloadTest {
  private static final int DIMENSION = 12;
  private static final VectorId ONE = VectorId.of(1);
  private static final VectorId TWO = VectorId.of(2);
  private static final VectorId ABSENT = VectorId.parse("absent");

  @TempDir Path folder;

  private final TestClock clock = new TestClock();

  private SoniDb open() {
    return SoniDb.open(folder, new SoniDbOptions(2).clock(clock));
  }

  private static Collection create(SoniDb db) {
    return db.create("songs", CollectionSpec.dimension(DIMENSION).segmentBytes(1 << 20));
  }

  private static Vector vector(long seed) {
    Random random = new Random(seed);
    float[] values = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  private static void upsert(Collection songs, VectorId id, String payload) {
    songs.upsert(id, vector(id.hashCode()), Payload.ofJson(payload));
  }

  private static String payload(Collection songs, VectorId id) {
    return songs.get(id).orElseThrow().payload().toJson();
  }

  @Test
  void refusesCborWithBytesBehindTheObject() {
    byte[] cbor = Payload.ofJson("{\"a\":1}").cbor();
    assertThat(Payload.ofCbor(cbor).toJson()).isEqualTo("{\"a\":1}");
    for (int behind : new int[] {0x00, 0xA0, 0xF6, 0xFF}) {
      byte[] more = Arrays.copyOf(cbor, cbor.length + 1);
      more[cbor.length] = (byte) behind;
      assertThatThrownBy(() -> Payload.ofCbor(more))
          .as("byte %x behind the object", behind)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void writesNothingWhenAPayloadWouldBecomeTooLarge() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      String half = "x".repeat(600_000);
      upsert(songs, ONE, "{}");
      upsert(songs, TWO, "{\"a\":\"" + half + "\"}");
      assertThatThrownBy(
              () -> songs.setPayload(List.of(ONE, TWO), Payload.ofJson("{\"b\":\"" + half + "\"}")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("vector 2")
          .hasMessageContaining("1048576");
      assertThat(songs.lastSequence()).isEqualTo(2);
      assertThat(payload(songs, ONE)).isEqualTo("{}");
    }
  }

  @Test
  void leavesOutIdsThatAreNotThere() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      Payload payload = Payload.ofJson("{\"a\":1}");
      assertThat(songs.setPayload(List.of(ABSENT), payload)).isZero();
      assertThat(songs.overwritePayload(List.of(ABSENT), payload)).isZero();
      assertThat(songs.deletePayloadKeys(List.of(ABSENT), Set.of("a"))).isZero();
      assertThat(songs.clearPayload(List.of(ABSENT))).isZero();
      assertThat(songs.setPayload(List.of(), payload)).isZero();
      assertThat(songs.lastSequence()).isZero();
      upsert(songs, ONE, "{}");
      assertThat(songs.setPayload(List.of(ABSENT, ONE, ONE), payload)).isEqualTo(1);
      assertThat(payload(songs, ONE)).isEqualTo("{\"a\":1}");
      assertThat(songs.get(ABSENT)).isEmpty();
      assertThat(songs.count()).isEqualTo(1);
      assertThat(songs.lastSequence()).isEqualTo(2);
    }
  }

  @Test
  void setsOverwritesAndDeletesTopLevelKeys() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}");
      List<VectorId> one = List.of(ONE);
      songs.setPayload(one, Payload.ofJson("{\"b\":{\"c\":5},\"e\":[null]}"));
      assertThat(payload(songs, ONE)).isEqualTo("{\"a\":1,\"b\":{\"c\":5},\"e\":[null]}");
      songs.deletePayloadKeys(one, Set.of("a", "e", "nothing"));
      assertThat(payload(songs, ONE)).isEqualTo("{\"b\":{\"c\":5}}");
      songs.overwritePayload(one, Payload.ofJson("{\"z\":0}"));
      assertThat(payload(songs, ONE)).isEqualTo("{\"z\":0}");
      songs.clearPayload(one);
      assertThat(payload(songs, ONE)).isEqualTo("{}");
      songs.setPayload(one, Payload.ofJson("{\"last\":true}"));
      assertThat(payload(songs, ONE)).isEqualTo("{\"last\":true}");
    }
  }

  @Test
  void replacesNoVectorIfOneIsNotThere() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{\"a\":1}");
      Point before = songs.get(ONE).orElseThrow();
      assertThatThrownBy(() -> songs.replaceVectors(Map.of(ONE, vector(7), ABSENT, vector(8))))
          .isInstanceOf(VectorNotFoundException.class)
          .hasMessageContaining("absent");
      assertThatThrownBy(() -> songs.replaceVectors(Map.of()))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(songs.get(ONE)).contains(before);
    }
  }

  @Test
  void replacesVectorsAndKeepsEverythingElse() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      songs.upsert(
          List.of(
              Point.of(ONE, vector(1), Payload.ofJson("{\"a\":1}"))
                  .expiresAt(clock.instant().plus(Duration.ofHours(1)))));
      Point before = songs.get(ONE).orElseThrow();
      songs.replaceVectors(Map.of(ONE, vector(7)));
      Point after = songs.get(ONE).orElseThrow();
      assertThat(after.vector()).isEqualTo(vector(7));
      assertThat(after.payload()).isEqualTo(before.payload());
      assertThat(after.expiresAt()).isEqualTo(before.expiresAt());
    }
  }

  @Test
  void losesNoEditOfAPayloadAmongManyAtOnce() throws Exception {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{}");
      upsert(songs, TWO, "{}");
      try (ExecutorService writers = Executors.newFixedThreadPool(4)) {
        for (int i = 0; i < 4; i++) {
          String key = "k" + i;
          writers.execute(() ->
              songs.editPayload(
                  List.of(ONE, TWO, ABSENT),
                  old -> old.merged(Payload.ofJson("{\"" + key + "\":1}"))));
        }
      }
      assertThat(songs.get(ONE).orElseThrow().payload().toMap()).hasSize(4);
      assertThat(
              songs.editPayload(
                  Filter.ALL, old -> old.select(PayloadSelection.exclude("k0", "k1"))))
          .isEqualTo(2);
      assertThat(songs.get(TWO).orElseThrow().payload().toMap().keySet())
          .containsExactlyInAnyOrder("k2", "k3");
    }
  }

  @Test
  void keepsVectorAndInsertTimeWhenThePayloadChanges() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{\"a\":1}");
      clock.advance(Duration.ofHours(1));
      songs.clearPayload(List.of(ONE));
      Point point = songs.get(ONE).orElseThrow();
      assertThat(point.vector()).isEqualTo(vector(ONE.hashCode()));
      assertThat(point.insertedAt()).contains(TestClock.START);
      assertThat(point.expiresAt()).isEmpty();
      assertThat(point.sequence()).isEqualTo(2);
      assertThat(songs.count()).isEqualTo(1);
      upsert(songs, ONE, "{}");
      assertThat(songs.get(ONE).orElseThrow().insertedAt())
          .contains(TestClock.START.plus(Duration.ofHours(1)));
    }
  }

  @Test
  void showsTheNewestPayloadWhereverAPointIsRead() throws Exception {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{\"a\":1}");
      upsert(songs, TWO, "{\"a\":2}");
      byte[] before;
      try (InputStream stream = songs.streamVector(ONE)) {
        before = stream.readAllBytes();
      }
      songs.setPayload(List.of(ONE), Payload.ofJson("{\"b\":3}"));
      String changed = "{\"a\":1,\"b\":3}";
      Point point = songs.get(ONE).orElseThrow();
      assertThat(point.payload().toJson()).isEqualTo(changed);
      assertThat(songs.get(List.of(TWO, ABSENT, ONE)).get(2)).contains(point);
      Hit hit = songs.search(Query.nearest(vector(ONE.hashCode()), 1)).hits().getFirst();
      assertThat(hit.id()).isEqualTo(ONE);
      assertThat(hit.payload().toJson()).isEqualTo(changed);
      assertThat(hit.sequence()).isEqualTo(3);
      assertThat(hit.insertedAt()).contains(TestClock.START);
      try (PointCursor cursor = songs.scroll()) {
        assertThat(cursor.next()).isEqualTo(point);
      }
      try (InputStream stream = songs.streamVector(ONE)) {
        assertThat(stream.readAllBytes()).isEqualTo(before);
      }
    }
  }

  @Test
  void forgetsThePayloadOfAVectorThatWasReplacedOrDeleted() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{\"a\":1}");
      upsert(songs, TWO, "{\"a\":2}");
      songs.setPayload(List.of(ONE, TWO), Payload.ofJson("{\"b\":3}"));
      songs.upsert(ONE, vector(7), Payload.EMPTY);
      assertThat(songs.delete("2")).isTrue();
      assertThat(payload(songs, ONE)).isEqualTo("{}");
      assertThat(songs.get(TWO)).isEmpty();
      upsert(songs, TWO, "{\"c\":4}");
      assertThat(payload(songs, TWO)).isEqualTo("{\"c\":4}");
      assertThat(songs.count()).isEqualTo(2);
      assertThat(songs.search(Query.nearest(vector(7), 10)).hits()).hasSize(2);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
  }

  @Test
  void findsPayloadsAgainAfterReopeningAndAfterEverythingIsRebuilt() {
    int count = 3000;
    try (SoniDb db = open()) {
      Collection songs = create(db);
      List<VectorId> ids = new ArrayList<>();
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ids.add(VectorId.of(i));
        points.add(
            Point.of(VectorId.of(i), vector(i), Payload.ofMap(java.util.Map.of("number", i))));
      }
      songs.upsert(points);
      songs.buildIndex(); // vectors and payloads in different segments
      songs.setPayload(ids.subList(0, 2000), Payload.ofJson("{\"first\":true}"));
      songs.buildIndex();
      songs.clearPayload(ids.subList(0, 1000));
      songs.upsert(VectorId.of(1), vector(-1), Payload.EMPTY);
      songs.delete(ids.subList(2, 3));
      clock.advance(Duration.ofDays(1));
      assertPayloads(songs, count);
    }
    try (SoniDb db = open()) {
      assertThat(db.warnings()).isEmpty();
      Collection songs = db.collection("songs");
      assertPayloads(songs, count);
      songs.deletePayloadKeys(List.of(VectorId.of(1999)), Set.of("number"));
      songs.overwritePayload(List.of(VectorId.of(1999)), Payload.ofJson("{\"first\":true}"));
      songs.setPayload(
          List.of(VectorId.of(1999)), Payload.ofJson("{\"number\":1999,\"first\":true}"));
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      assertPayloads(songs, count);
    }
    try (SoniDb db = open()) {
      assertPayloads(db.collection("songs"), count);
    }
  }

  private static void assertPayloads(Collection songs, int count) {
    for (int i = 0; i < count; i++) {
      if (i == 2) {
        assertThat(songs.get("2")).isEmpty();
        continue;
      }
      Point point = songs.get(VectorId.of(i)).orElseThrow();
      assertThat(point.vector()).isEqualTo(vector(i == 1 ? -1 : i));
      assertThat(point.insertedAt()).contains(TestClock.START);
      assertThat(point.payload().toMap())
          .isEqualTo(
              i < 1000
                  ? java.util.Map.of()
                  : i < 2000
                      ? java.util.Map.of("number", i, "first", true)
                      : java.util.Map.of("number", i));
    }
    assertThat(songs.count()).isEqualTo(count - 1);
    assertThat(songs.scan((id, vector) -> {})).isEqualTo(count - 1);
    assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
  }

  @Test
  void takesNoPayloadForAnOlderVectorWhenItsOwnIsLost() throws Exception {
    Path segment;
    long place;
    try (SoniDb db = open()) {
      Collection songs = create(db);
      upsert(songs, ONE, "{}");
      songs.setPayload(List.of(ONE), Payload.ofJson("{\"of\":1}"));
      songs.upsert(ONE, vector(3), Payload.EMPTY);
      songs.setPayload(List.of(ONE), Payload.ofJson("{\"of\":3}"));
      upsert(songs, TWO, "{}");
      var log = songs.engine().log();
      segment = log.folder().resolve("segments").resolve(log.segments().getFirst().file());
      place = log.segments().getFirst().table().offset(2) + 40;
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[(int) place] ^= 1;
    Files.write(segment, bytes);
    try (var files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        if (file.toString().endsWith(".idx") || file.endsWith("directory.bin")) {
          Files.delete(file);
        }
      }
    }
    try (SoniDb db = open()) {
      assertThat(db.warnings()).anyMatch(warning -> warning.contains("damage"));
      Collection songs = db.collection("songs");
      Point point = songs.get(ONE).orElseThrow();
      assertThat(point.vector()).isEqualTo(vector(ONE.hashCode()));
      assertThat(point.payload().toJson()).isEqualTo("{\"of\":1}");
      try (PointCursor cursor = songs.scroll()) {
        assertThat(cursor.next()).isEqualTo(point);
      }
      assertThat(songs.delete("1")).isTrue();
      assertThat(songs.get(ONE)).isEmpty();
    }
  }
}
