package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpiryTest {
  private static final VectorId ID = VectorId.of(1);
  private static final VectorId OTHER = VectorId.of(2);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration MOMENT = Duration.ofMillis(1);

  @TempDir Path folder;

  private final TestClock clock = new TestClock();

  private SoniDb open() {
    return SoniDb.open(folder, new SoniDbOptions(2).clock(clock));
  }

  private static CollectionSpec spec() {
    return CollectionSpec.dimension(2);
  }

  private static Point point(VectorId id) {
    return Point.of(id, Vector.of(1f, 2f));
  }

  private Point expiring(VectorId id, Duration after) {
    return point(id).expiresAt(clock.instant().plus(after));
  }

  private static void assertGone(Collection songs, VectorId id) {
    assertThat(songs.get(id)).isEmpty();
    assertThat(songs.get(List.of(id)).getFirst()).isEmpty();
    assertThat(songs.search(Query.nearest(Vector.of(1f, 2f), 10)).hits())
        .noneMatch(hit -> hit.id().equals(id));
    try (PointCursor cursor = songs.scroll()) {
      assertThat(cursor).toIterable().noneMatch(point -> point.id().equals(id));
    }
    assertThatThrownBy(() -> songs.streamVector(id)).isInstanceOf(VectorNotFoundException.class);
    assertThat(songs.overwritePayload(List.of(id), Payload.EMPTY)).isZero();
    assertThat(songs.delete(List.of(id))).isZero();
  }

  @Test
  void refusesTimesThatNoRecordHolds() {
    assertThatThrownBy(() -> point(ID).expiresAt(Instant.MAX))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vector 1");
    assertThatThrownBy(() -> spec().timeToLive(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> spec().retention(Duration.ofSeconds(Long.MAX_VALUE)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hidesAPointFromItsTimeOn() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      songs.upsert(List.of(expiring(ID, DAY), point(OTHER)));
      clock.advance(DAY.minus(MOMENT));
      assertThat(songs.get(ID).orElseThrow().expiresAt()).contains(TestClock.START.plus(DAY));
      clock.advance(MOMENT);
      assertGone(songs, ID);
      assertThat(songs.get(OTHER)).isPresent();
    }
  }

  @Test
  void countsAPointThatHasExpiredAsNew() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      songs.upsert(List.of(point(ID).expiresAt(Instant.EPOCH)));
      assertGone(songs, ID);
      songs.upsertIf(point(ID), 0);
      assertThat(songs.get(ID)).isPresent();
    }
  }

  @Test
  void sweepsWhatHasExpiredAndNothingElse() {
    int count = 2500;
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        points.add(i % 5 == 0 ? point(VectorId.of(i)) : expiring(VectorId.of(i), DAY));
      }
      songs.upsert(points);
      songs.buildIndex();
      songs.upsert(List.of(expiring(VectorId.of(count), DAY.plusDays(1))));
      songs.sweep();
      assertThat(songs.count()).isEqualTo(count + 1);
      clock.advance(DAY);
      assertThat(songs.sweep()).hasValue(TestClock.START.plus(DAY.plusDays(1)).toEpochMilli());
      assertThat(songs.count()).isEqualTo(count / 5 + 1);
      clock.advance(DAY);
      assertThat(songs.sweep()).isEmpty();
      assertThat(songs.count()).isEqualTo(count / 5);
      assertThat(songs.lastSequence()).isEqualTo(count + 1 + count * 4 / 5 + 1);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
  }

  @Test
  void givesEveryPointTheCollectionsTimeToLiveUnlessItHasItsOwn() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec().timeToLive(DAY).retention(Duration.ofDays(3)));
      songs.upsert(List.of(point(ID), expiring(OTHER, DAY.multipliedBy(2))));
    }
    try (SoniDb db = open()) {
      Collection songs = db.collection("songs");
      assertThat(songs.spec().timeToLive()).isEqualTo(DAY);
      assertThat(songs.spec().retention()).isEqualTo(Duration.ofDays(3));
      clock.advance(DAY);
      assertGone(songs, ID);
      assertThat(songs.get(OTHER)).isPresent();
      songs.upsert(List.of(point(ID)));
      assertThat(songs.get(ID).orElseThrow().expiresAt())
          .contains(TestClock.START.plus(DAY.multipliedBy(2)));
    }
  }

  @Test
  void letsAPointThatWasWrittenAgainLiveOn() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      songs.upsert(List.of(expiring(ID, DAY)));
      songs.upsert(List.of(point(ID)));
      clock.advance(DAY);
      songs.sweep();
      assertThat(songs.get(ID)).isPresent();
      assertThat(songs.lastSequence()).isEqualTo(2);
    }
  }

  @Test
  void doesNotProlongALifeByChangingThePayload() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      songs.upsert(List.of(expiring(ID, DAY)));
      songs.setPayload(List.of(ID), Payload.ofJson("{\"a\":1}"));
      assertThat(songs.get(ID).orElseThrow().expiresAt()).contains(TestClock.START.plus(DAY));
      clock.advance(DAY);
      assertGone(songs, ID);
      songs.sweep();
      assertThat(songs.count()).isZero();
      assertThat(songs.lastSequence()).isEqualTo(3);
    }
  }

  @Test
  void knowsWhatExpiresAfterReopeningAndFromTheAudioAlone() {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      songs.upsert(List.of(expiring(ID, DAY), expiring(OTHER, DAY.multipliedBy(2))));
      songs.setPayload(List.of(ID), Payload.ofJson("{\"a\":1}"));
    }
    try (SoniDb db = open()) {
      Collection songs = db.collection("songs");
      assertThat(songs.sweep()).hasValue(TestClock.START.plus(DAY).toEpochMilli());
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      assertThat(songs.sweep()).hasValue(TestClock.START.plus(DAY).toEpochMilli());
      clock.advance(DAY);
      assertGone(songs, ID);
      songs.sweep();
      assertThat(songs.count()).isEqualTo(1);
    }
    clock.advance(DAY);
    try (SoniDb db = open()) {
      Collection songs = db.collection("songs");
      assertGone(songs, OTHER);
      songs.sweep();
      assertThat(songs.count()).isZero();
    }
  }

  @Test
  void sweepsOnItsOwn() throws Exception {
    try (SoniDb db = open()) {
      Collection songs = db.create("songs", spec());
      songs.upsert(List.of(point(ID).expiresAt(Instant.EPOCH)));
      // As slow as the machine may be: only the sweep ends this.
      while (songs.count() > 0) {
        songs.engine().log().awaitPublished(2, Duration.ofSeconds(1).toNanos());
      }
      assertThat(songs.lastSequence()).isEqualTo(2);
    }
  }
}
