package io.sonidb.server.hls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.sound.FlacInMp4;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Live sound by a clock that the test holds.
class BroadcastTest {
  private static final long START = 1_800_000_000_123L;
  private static final int PART_MILLIS = 200;
  private static final long SEED = Long.getLong("sonidb.seed", new Random().nextLong());

  @TempDir Path folder;

  private final Random random = new Random(SEED);
  private final ManualClock clock = new ManualClock(START);
  private final Map<Long, Vector> written = new HashMap<>();
  private SoniDb db;
  private Broadcasts broadcasts;

  @BeforeEach
  void open() throws IOException {
    db = SoniDb.open(folder.resolve("data"));
    broadcasts = new Broadcasts(clock);
  }

  @AfterEach
  void close() {
    broadcasts.close();
    db.close();
  }

  private Collection create(int dimension, Sonification sonification) {
    return db.create(
        "songs",
        CollectionSpec.dimension(dimension)
            .metric(Metric.DOT)
            .sonification(sonification)
            .durability(Durability.OS));
  }

  private Broadcast begin(Collection songs) {
    return broadcasts.of(songs, "init.mp4").orElseThrow();
  }

  private List<Point> vectors(Collection songs, int count) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[songs.spec().dimension()];
      for (int k = 0; k < vector.length; k++) {
        vector[k] = (float) random.nextGaussian();
      }
      points.add(Point.of(VectorId.of(written.size() + i), Vector.of(vector)));
    }
    return points;
  }

  private void write(Collection songs, List<Point> points) {
    long last = songs.upsert(points);
    for (int i = 0; i < points.size(); i++) {
      written.put(last - points.size() + 1 + i, points.get(i).vector());
    }
  }

  /// Follows the playlist and hears everything, part by part.
  private final class Follower {
    private final Broadcast broadcast;
    private final HeardRecords heard;
    private final List<Map<String, String>> ranges = new ArrayList<>();
    private Playlist latest;
    private long next;

    Follower(Collection songs, Broadcast broadcast) {
      this.broadcast = broadcast;
      this.heard =
          new HeardRecords(new SoundFormat(songs.spec().element(), songs.spec().sonification()));
      this.latest = Playlist.read(broadcast.playlist());
      this.next = latest.end() * Timeline.PARTS + latest.partsOfNext();
    }

    void follow() {
      Playlist now = Playlist.read(broadcast.playlist());
      now.follows(latest);
      latest = now;
      long end = now.end() * Timeline.PARTS + now.partsOfNext();
      for (; next < end; next++) {
        heard.hear(
            broadcast.part(next / Timeline.PARTS, (int) (next % Timeline.PARTS)).orElseThrow());
      }
      for (Map<String, String> range : now.dateRanges()) {
        if (!ranges.contains(range)) {
          ranges.add(range);
        }
      }
    }

    long skipped() {
      return ranges.stream()
          .filter(range -> "io.sonidb.skipped".equals(range.get("CLASS")))
          .mapToLong(range ->
              Long.parseLong(range.get("X-LAST-SEQUENCE"))
                  - Long.parseLong(range.get("X-FIRST-SEQUENCE"))
                  + 1)
          .sum();
    }

    void checkExact() {
      assertThat(heard.lost()).isEmpty();
      Map<String, String> skips = new HashMap<>();
      ranges.stream()
          .filter(range -> "io.sonidb.skipped".equals(range.get("CLASS")))
          .forEach(range -> skips.put(range.get("X-FIRST-SEQUENCE"), range.get("X-LAST-SEQUENCE")));
      long before = 0;
      for (SoundRecord record : heard.records()) {
        assertThat(record.sequence()).as("seed " + SEED).isGreaterThan(before);
        if (record.sequence() > before + 1) {
          assertThat(skips.remove(String.valueOf(before + 1)))
              .as("the gap behind %d is stated, seed %d", before, SEED)
              .isEqualTo(String.valueOf(record.sequence() - 1));
        }
        before = record.sequence();
        assertThat(record.vector()).as("seed " + SEED).isEqualTo(written.get(record.sequence()));
      }
      assertThat(skips).as("gaps that are none").isEmpty();
    }
  }

  // Failures -----------------------------------------------------------------------------------

  @Test
  void refusesRequestsThatAreTooFarAhead() {
    Broadcast broadcast = begin(create(8, Sonification.AMPLITUDE));
    long next = Playlist.read(broadcast.playlist()).end();
    assertThatThrownBy(() -> broadcast.playlist(next + 2, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 segments ahead; two is the most");
    assertThatThrownBy(() -> broadcast.playlist(next, Optional.of(Integer.MAX_VALUE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("parts ahead");
    assertThat(broadcast.part(next, 4)).as("not even hinted at").isEmpty();
    assertThat(broadcast.part(-1, 0)).isEmpty();
    assertThat(broadcast.part(next, 5)).isEmpty();
    assertThat(broadcast.segment(next)).isEmpty();
    assertThat(broadcast.segment(next - Broadcast.KEPT - 1)).isEmpty();
  }

  @Test
  void letsThoseGoWhoWaitWhenItEnds() throws Exception {
    Broadcast broadcast = begin(create(8, Sonification.AMPLITUDE));
    long next = Playlist.read(broadcast.playlist()).end();
    CompletableFuture<Optional<String>> waiting =
        CompletableFuture.supplyAsync(() -> broadcast.playlist(next, Optional.of(4)));
    broadcasts.close();
    assertThat(waiting.get(10, TimeUnit.SECONDS)).isEmpty();
    assertThat(broadcasts.of(db.collection("songs"), "init.mp4")).isEmpty();
  }

  @Test
  void endsWhenNobodyHasAskedForAWhileAndGoesOnInTime() throws Exception {
    Collection songs = create(8, Sonification.AMPLITUDE);
    Broadcast broadcast = begin(songs);
    long first = Playlist.read(broadcast.playlist()).end();
    for (int second = 0; second < 29; second++) {
      clock.advance(1000);
      assertThat(broadcast.isClosed()).isFalse();
      assertThat(broadcast.bytes()).isLessThan(1 << 20);
    }
    while (!broadcast.isClosed()) {
      clock.pass(1000);
      Thread.onSpinWait();
    }
    assertThat(broadcast.bytes()).isZero();
    Broadcast again = begin(songs);
    assertThat(again).isNotSameAs(broadcast);
    assertThat(Playlist.read(again.playlist()).end()).isGreaterThanOrEqualTo(first + 30);
  }

  @Test
  void endsWithItsCollection() throws Exception {
    Collection songs = create(8, Sonification.AMPLITUDE);
    Broadcast broadcast = begin(songs);
    db.drop("songs");
    while (!broadcast.isClosed()) {
      clock.pass(PART_MILLIS);
      Thread.onSpinWait();
    }
    assertThat(broadcasts.find(songs)).isEmpty();
  }

  // Time ---------------------------------------------------------------------------------------

  @ParameterizedTest(name = "{0} of what time allows")
  @CsvSource({"0.1, 0", "0.9, 0", "1, 0", "3, 1", "100, 1"})
  void keepsUpWithTimeAndSaysWhatItLeavesOut(double speed, int skips) throws Exception {
    int dimension = 384;
    Collection songs = create(dimension, Sonification.AMPLITUDE);
    Follower follower = new Follower(songs, begin(songs));
    double perPart = speed * Timeline.PART_SAMPLES / dimension;
    double due = 0;
    for (int part = 0; part < 40; part++) {
      due += perPart;
      if (due >= 1) {
        write(songs, vectors(songs, (int) due));
        due -= (int) due;
      }
      clock.advance(PART_MILLIS);
      follower.follow();
    }
    for (int part = 0; part < 6; part++) { // what may have gathered
      clock.advance(PART_MILLIS);
      follower.follow();
    }
    follower.checkExact();
    assertThat(follower.skipped() > 0).as("skipped").isEqualTo(skips > 0);
    assertThat(follower.heard.records().size() + follower.skipped()).isEqualTo(written.size());
    assertThat(follower.heard.records().getLast().sequence())
        .as("the newest is heard")
        .isEqualTo(songs.lastSequence());
    if (speed < 1) {
      assertThat(follower.heard.silentFrames()).isGreaterThan(20);
    }
  }

  @Test
  void isSilentWhileNothingIsWritten() throws Exception {
    Collection songs = create(8, Sonification.AMPLITUDE);
    write(songs, vectors(songs, 10)); // before anybody listens
    Follower follower = new Follower(songs, begin(songs));
    for (int part = 0; part < 60; part++) {
      clock.advance(PART_MILLIS);
      follower.follow();
    }
    assertThat(follower.heard.records()).isEmpty();
    assertThat(follower.heard.silentFrames()).isGreaterThanOrEqualTo(60 * 3);
    assertThat(follower.latest.segments()).hasSize(Broadcast.LISTED);
    assertThat(follower.latest.sequence()).isEqualTo((START - 1_577_836_800_000L) / 1000 + 12 - 8);
  }

  @Test
  void isThereAgainAfterTheMachineHasSlept() throws Exception {
    Collection songs = create(8, Sonification.AMPLITUDE);
    Broadcast broadcast = begin(songs);
    Playlist before = Playlist.read(broadcast.playlist());
    clock.advance(PART_MILLIS);
    broadcast.playlist();
    clock.advance(25_000);
    Playlist after = Playlist.read(broadcast.playlist());
    after.follows(before);
    assertThat(after.end()).isEqualTo(before.end() + 25);
  }

  @ParameterizedTest
  @EnumSource(Sonification.class)
  void playsEverySonificationForAsLongAsItsFramesAre(Sonification sonification) throws Exception {
    Collection songs = create(300, sonification);
    Follower follower = new Follower(songs, begin(songs));
    List<Point> large = vectors(songs, 3);
    String text = "x".repeat(90_000);
    large.replaceAll(
        point -> Point.of(point.id(), point.vector(), Payload.ofJson("{\"t\": \"" + text + "\"}")));
    for (int part = 0; part < 100; part++) {
      if (part % 25 == 0) {
        write(songs, vectors(songs, 1));
      }
      if (part == 10) {
        // Larger than a second: whatever is newest is heard all the same.
        write(songs, List.of(large.getFirst()));
      }
      clock.advance(PART_MILLIS);
      follower.follow();
    }
    follower.checkExact();
    assertThat(follower.heard.records()).hasSize(5);
    assertThat(follower.skipped()).isZero();
  }

  @Test
  void hearsDeletesAndSkipsAndPayloadsAsWell() throws Exception {
    Collection songs = create(16, Sonification.AMPLITUDE);
    Follower follower = new Follower(songs, begin(songs));
    write(songs, vectors(songs, 2));
    songs.setPayload(List.of(VectorId.of(0)), Payload.ofJson("{\"a\": 1}"));
    songs.delete("1");
    clock.advance(PART_MILLIS);
    follower.follow();
    assertThat(follower.heard.records().stream().map(SoundRecord::kind))
        .containsExactly(
            RecordKind.UPSERT, RecordKind.UPSERT, RecordKind.PAYLOAD, RecordKind.DELETE);
  }

  // What it tells ------------------------------------------------------------------------------

  @Test
  void tellsOfTheRecordsInEachPart() throws Exception {
    Collection songs = create(16, Sonification.AMPLITUDE);
    Broadcast broadcast = begin(songs);
    write(songs, vectors(songs, 2));
    clock.advance(PART_MILLIS);
    Playlist playlist = Playlist.read(broadcast.playlist());
    long last = playlist.end() * Timeline.PARTS + playlist.partsOfNext() - 1;
    byte[] bytes =
        broadcast.part(last / Timeline.PARTS, (int) (last % Timeline.PARTS)).orElseThrow();
    Mp4Reader.Fragment fragment = Mp4Reader.fragments(bytes).getFirst();
    assertThat(fragment.duration()).isEqualTo(Timeline.PART_SAMPLES);
    assertThat(fragment.told()).hasSize(1);
    assertThat(fragment.told().getFirst())
        .matches(
            "\\{\"records\":\\[\\{\"sequence\":1,\"id\":\"0\",\"change\":\"upsert\","
                + "\"hash\":\"[0-9a-f]{16}\",\"sample\":0,\"samples\":\\d+},\\{\"sequence\":2,.*]}");
  }

  @Test
  void tellsOfSealedSegmentsCompactionsAndOtherSettings() throws Exception {
    Collection songs = create(16, Sonification.AMPLITUDE);
    write(songs, vectors(songs, 20));
    Follower follower = new Follower(songs, begin(songs));
    songs.buildIndex();
    clock.advance(1200);
    follower.follow();
    songs.delete("3");
    songs.compact(true, io.sonidb.Progress.NONE);
    clock.advance(1200);
    follower.follow();
    assertThat(follower.ranges.stream().map(range -> range.get("CLASS")))
        .contains("io.sonidb.sealed", "io.sonidb.compacted");
    assertThat(follower.ranges.getFirst())
        .containsEntry("X-FILE", "0001-00000001.flac")
        .containsEntry("X-LAST-SEQUENCE", "20");
  }

  @Test
  void givesThePartThatIsHintedAtAsSoonAsItIsThere() throws Exception {
    Collection songs = create(16, Sonification.AMPLITUDE);
    Broadcast broadcast = begin(songs);
    Playlist playlist = Playlist.read(broadcast.playlist());
    String[] name = playlist.hint().replace("live/", "").split("\\.", -1);
    CompletableFuture<Optional<byte[]>> part =
        CompletableFuture.supplyAsync(
            () -> broadcast.part(Long.parseLong(name[0]), Integer.parseInt(name[1])));
    CompletableFuture<Optional<String>> reload =
        CompletableFuture.supplyAsync(() ->
            broadcast.playlist(Long.parseLong(name[0]), Optional.of(Integer.parseInt(name[1]))));
    assertThat(part).isNotDone();
    clock.advance(PART_MILLIS);
    assertThat(part.get(10, TimeUnit.SECONDS)).isPresent();
    Playlist reloaded = Playlist.read(reload.get(10, TimeUnit.SECONDS).orElseThrow());
    assertThat(reloaded.parts().getLast().uri()).isEqualTo(playlist.hint());
    reloaded.follows(playlist);
  }

  @Test
  void beginsWithTheHeadOfTheCollectionsOwnStream() {
    Collection songs = create(16, Sonification.AMPLITUDE);
    assertThat(Mp4Reader.flacHead(FlacInMp4.head(songs.audioHead()))).isEqualTo(songs.audioHead());
    assertThatThrownBy(() -> FlacInMp4.head(new byte[100]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
