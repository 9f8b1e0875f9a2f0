package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a replica hears of its source between two states.
final class TailTest extends SmallSegments {
  private static final long SEED = Long.getLong("sonidb.seed", 20261126);

  @TempDir Path there;

  private static ReceiveReport sync(SoniDb from, SoniDb to, boolean seal) throws IOException {
    try (Outgoing outgoing = from.outgoing("songs", seal, Progress.NONE)) {
      for (SyncFile file : to.missing(outgoing.state())) {
        Path at = to.inbox().resolve(outgoing.uuid().toString()).resolve(file.name());
        Files.createDirectories(at.getParent());
        Files.copy(outgoing.folder().resolve(file.name()), at);
      }
      return to.receive(outgoing.state(), Progress.NONE);
    }
  }

  /// Has a replica hear all that its source has, in pieces.
  private static void hear(Collection songs, Collection copy, int piece) throws Exception {
    TailIntake intake = copy.hear(songs.epoch());
    try (TailSource tail = songs.tail(intake.next(), songs.epoch())) {
      while (copy.lastSequence() < songs.lastSequence()) {
        ByteBuffer message = tail.next().orElseThrow();
        while (message.hasRemaining()) {
          int size = Math.min(piece, message.remaining());
          intake.accept(message.slice(message.position(), size));
          message.position(message.position() + size);
        }
      }
    }
  }

  private static void assertSame(Collection songs, Collection copy) {
    assertThat(copy.lastSequence()).isEqualTo(songs.lastSequence());
    assertThat(copy.count()).isEqualTo(songs.count());
    try (CollectionView here = songs.view();
        CollectionView there = copy.view();
        PointCursor all = here.scroll();
        PointCursor others = there.scroll()) {
      while (all.hasNext()) {
        assertThat(others.next()).isEqualTo(all.next());
      }
    }
  }

  @Test
  void refusesWhatIsOfAnotherEpochOrNoTailAtAll() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 10);
      assertThatThrownBy(() -> songs.hear(1)).isInstanceOf(SyncRefusedException.class);
      sync(a, b, true);
      Collection copy = b.collection("songs");
      assertThatThrownBy(() -> copy.hear(2)).isInstanceOf(SyncRefusedException.class);
      assertThatThrownBy(() -> copy.tail(1, 1))
          .isInstanceOf(SyncRefusedException.class)
          .hasMessageContaining("replica");
      assertThatThrownBy(() -> songs.tail(1, 2)).isInstanceOf(SyncRefusedException.class);
      TailIntake intake = copy.hear(1);
      ByteBuffer endless = ByteBuffer.allocate(20).putInt(16, Integer.MAX_VALUE);
      assertThatThrownBy(() -> intake.accept(endless)).isInstanceOf(IOException.class);
      ByteBuffer noise = ByteBuffer.allocate(120).putInt(16, 100);
      assertThatThrownBy(() -> copy.hear(1).accept(noise)).isInstanceOf(IOException.class);
      assertSame(songs, copy);
    }
  }

  @Test
  void isFoundBeforeItsSegmentIsSealed() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 50);
      sync(a, b, true);
      Collection copy = b.collection("songs");
      upsert(songs, 50, 90);
      songs.delete("7");
      songs.overwritePayload(List.of(VectorId.parse("8")), Payload.ofMap(Map.of("mood", "low")));
      songs.overwritePayload(List.of(VectorId.parse("60")), Payload.ofMap(Map.of("mood", "high")));
      hear(songs, copy, 1000);
      assertSame(songs, copy);
      assertThat(copy.get("7")).isEmpty();
      assertThat(copy.get("8").orElseThrow().payload())
          .isEqualTo(Payload.ofMap(Map.of("mood", "low")));
      float[] vector = songs.get("77").orElseThrow().vector().floats();
      assertThat(copy.search(Query.nearest(vector, 1)).hits().getFirst().id())
          .isEqualTo(VectorId.parse("77"));
      assertThatThrownBy(() -> upsert(copy, 1, 2)).isInstanceOf(ReadOnlyException.class);
      assertThat(copy.stats().copy().lagWrites()).hasValue(0);
    }
  }

  @Test
  void goesOnWhereItBrokeOffAndSeesBatchesWhole() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 10);
      sync(a, b, true);
      Collection copy = b.collection("songs");
      upsert(songs, 10, 20);
      TailIntake broken = copy.hear(1);
      try (TailSource tail = songs.tail(broken.next(), 1)) {
        ByteBuffer message = tail.next().orElseThrow();
        broken.accept(message.slice(0, message.remaining() - 1));
      }
      assertThat(copy.lastSequence()).isEqualTo(10);
      upsert(songs, 20, 30);
      hear(songs, copy, 7);
      assertSame(songs, copy);
      TailIntake again = copy.hear(1);
      try (TailSource tail = songs.tail(1, 1)) { // what is there already is left out
        again.accept(tail.next().orElseThrow());
      }
      assertSame(songs, copy);
    }
  }

  @Test
  void isTakenOverByALaterStateWithoutGapOrDouble() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 50);
      sync(a, b, true);
      Collection copy = b.collection("songs");
      upsert(songs, 40, 80);
      songs.buildIndex(); // sealed at the source, and not here
      upsert(songs, 80, 100);
      songs.delete("45");
      hear(songs, copy, 1 << 20);
      ReceiveReport report = sync(a, b, false);
      assertThat(report.changed()).isTrue();
      assertThat(report.aside()).isEmpty();
      assertThat(report.sequence()).isEqualTo(songs.lastSequence());
      assertSame(songs, copy);
      assertThat(copy.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      delete(songs, 0, 30);
      hear(songs, copy, 1 << 20);
      songs.compact(true, Progress.NONE);
      assertThat(sync(a, b, true).aside()).isEmpty();
      assertSame(songs, copy);
      assertThat(sync(a, b, true).changed()).isFalse();
    }
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      assertThat(b.warnings()).isEmpty();
      assertSame(a.collection("songs"), b.collection("songs"));
    }
  }

  @Test
  void staysWhenTheReplicaIsOpenedAgainOrPromoted() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 50);
      try (SoniDb b = SoniDb.open(there, BY_HAND)) {
        sync(a, b, true);
        upsert(songs, 50, 60);
        hear(songs, b.collection("songs"), 1 << 20);
      }
      try (SoniDb b = SoniDb.open(there, BY_HAND)) {
        Collection copy = b.collection("songs");
        assertSame(songs, copy);
        upsert(songs, 60, 70);
        hear(songs, copy, 1 << 20);
        assertSame(songs, copy);
        assertThat(copy.promote()).isEqualTo(2);
        upsert(copy, 100, 110);
        assertThat(copy.count()).isEqualTo(80);
        // What the old source wrote is in both, in other files: nothing is lost on the way back.
        ReceiveReport back = sync(b, a, true);
        assertThat(back.vectors()).isEqualTo(80);
        assertSame(copy, songs);
      }
    }
  }

  @Test
  void endsWhenDeletesAreMissingAndGoesOnBehindTheNextState() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 50);
      sync(a, b, true);
      Collection copy = b.collection("songs");
      delete(songs, 0, 20);
      upsert(songs, 50, 60);
      songs.compact(true, Progress.NONE);
      assertThatThrownBy(() -> songs.tail(copy.hear(1).next(), 1))
          .isInstanceOf(RescanRequiredException.class);
      sync(a, b, false);
      hear(songs, copy, 1 << 20);
      assertSame(songs, copy);
    }
  }

  /// With those one by one a replica would be in states that there never were.
  @Test
  void tellsNothingOnceCompactionHasDroppedSupersededRecords() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 50);
      sync(a, b, true);
      Collection copy = b.collection("songs");
      try (TailSource early = songs.tail(51, 1)) {
        segment(songs, 40, 60);
        segment(songs, 40, 60);
        songs.compact(true, Progress.NONE);
        assertThat(songs.stats().completeFrom()).isGreaterThan(51);
        assertThat(early.next()).isEmpty();
        assertThatThrownBy(() -> songs.tail(copy.hear(1).next(), 1))
            .isInstanceOf(RescanRequiredException.class)
            .hasMessageContaining("needs the next state first");
      }
      sync(a, b, false);
      upsert(songs, 45, 50);
      hear(songs, copy, 1 << 20);
      assertSame(songs, copy);
    }
  }

  @Test
  void isTheSameAfterAnyMixOfWritesStatesAndRestarts() throws Exception {
    mix(12);
  }

  @Test
  @Tag("slow")
  void isTheSameAfterALongMixOfWritesStatesAndRestarts() throws Exception {
    mix(300);
  }

  private void mix(int steps) throws Exception {
    Random random = new Random(SEED);
    SoniDb a = SoniDb.open(data, BY_HAND);
    SoniDb b = SoniDb.open(there, BY_HAND);
    try {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 20);
      sync(a, b, true);
      for (int i = 0; i < steps; i++) {
        int id = random.nextInt(200);
        switch (random.nextInt(9)) {
          case 0, 1 -> upsert(songs, id, id + 1 + random.nextInt(20));
          case 2 -> delete(songs, id, id + 1 + random.nextInt(20));
          case 3 -> songs.setPayload(List.of(VectorId.of(id)), Payload.ofMap(Map.of("i", i)));
          case 4 -> songs.buildIndex();
          case 5 -> songs.compact(random.nextBoolean(), Progress.NONE);
          case 6 -> {
            assertThat(sync(a, b, random.nextBoolean()).aside()).as("seed %d", SEED).isEmpty();
          }
          case 7 -> {
            try {
              hear(songs, b.collection("songs"), 1 + random.nextInt(5000));
            } catch (RescanRequiredException e) {
              sync(a, b, true);
            }
            assertSame(songs, b.collection("songs"));
          }
          default -> {
            b.close();
            b = SoniDb.open(there, BY_HAND);
            assertThat(b.warnings()).isEmpty();
          }
        }
      }
      sync(a, b, true);
      assertSame(songs, b.collection("songs"));
      assertThat(b.collection("songs").verifyIntegrity(true, Progress.NONE).damaged())
          .as("seed %d", SEED)
          .isEqualTo(List.of());
    } finally {
      a.close();
      b.close();
    }
  }
}
