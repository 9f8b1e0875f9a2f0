package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReplicaTest extends SmallSegments {
  @TempDir Path there;

  /// Copies what is missing into the other database's inbox, as the FTP server does.
  private static void bring(Outgoing from, SoniDb to) throws IOException {
    for (SyncFile file : to.missing(from.state())) {
      Path at = to.inbox().resolve(from.uuid().toString()).resolve(file.name());
      Files.createDirectories(at.getParent());
      Files.copy(from.folder().resolve(file.name()), at);
    }
  }

  private static ReceiveReport sync(SoniDb from, SoniDb to) throws IOException {
    try (Outgoing outgoing = from.outgoing("songs", true, Progress.NONE)) {
      bring(outgoing, to);
      return to.receive(outgoing.state(), Progress.NONE);
    }
  }

  @Test
  void isTheSameCollectionAndFollowsDeletesAndCompaction() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 100);
      assertThat(sync(a, b).created()).isTrue();
      Collection copy = b.collection("songs");
      assertThat(copy.count()).isEqualTo(100);
      assertThat(copy.isReplica()).isTrue();
      delete(songs, 0, 90);
      upsert(songs, 200, 250);
      songs.compact(true, Progress.NONE);
      ReceiveReport second = sync(a, b);
      assertThat(second.vectors()).isEqualTo(60);
      assertThat(second.aside()).isEmpty();
      assertThat(second.sequence()).isEqualTo(songs.lastSequence());
      assertThat(copy.get("0")).isEmpty();
      assertThat(copy.get("220")).isEqualTo(songs.get("220"));
      assertThat(copy.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      assertThat(b.inbox().resolve(copy.engine().log().header().uuid().toString())).doesNotExist();
      ReceiveReport third = sync(a, b);
      assertThat(third.changed()).isFalse();
    }
    try (SoniDb b = SoniDb.open(there, BY_HAND)) {
      assertThat(b.warnings()).isEmpty();
      assertThat(b.collection("songs").count()).isEqualTo(60);
      assertThat(b.collection("songs").isReplica()).isTrue();
    }
  }

  @Test
  void asksOnlyForWhatItHasNot() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 100);
      sync(a, b);
      segment(songs, 100, 120);
      try (Outgoing outgoing = a.outgoing("songs", true, Progress.NONE)) {
        assertThat(b.missing(outgoing.state()).stream().map(SyncFile::name))
            .containsExactly(
                "segments/0001-00000002.flac", "segments/0001-00000002.idx", "collection.json");
        bring(outgoing, b);
        assertThat(b.missing(outgoing.state())).isEmpty();
      }
    }
  }

  @Test
  void refusesWritesUntilItIsPromoted() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      segment(a.create("songs", SPEC), 0, 100);
      sync(a, b);
      Collection copy = b.collection("songs");
      assertThatThrownBy(() -> upsert(copy, 0, 1))
          .isInstanceOf(ReadOnlyException.class)
          .hasMessageContaining("promote");
      assertThatThrownBy(() -> copy.delete("1")).isInstanceOf(ReadOnlyException.class);
      assertThatThrownBy(() -> copy.compact(false, Progress.NONE))
          .isInstanceOf(ReadOnlyException.class);
      assertThatThrownBy(() -> copy.alter(copy.spec(), Progress.NONE))
          .isInstanceOf(ReadOnlyException.class);
      assertThat(copy.promote()).isEqualTo(2);
      upsert(copy, 500, 510);
      assertThat(copy.count()).isEqualTo(110);
      assertThatThrownBy(copy::promote).isInstanceOf(SyncRefusedException.class);
    }
    try (SoniDb b = SoniDb.open(there, BY_HAND)) {
      assertThat(b.collection("songs").isReplica()).isFalse();
      assertThat(b.collection("songs").epoch()).isEqualTo(2);
    }
  }

  @Test
  void movesAsideWhatDivergesFromAHistoryOfAHigherEpoch() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 100);
      sync(a, b);
      b.collection("songs").promote();
      upsert(b.collection("songs"), 500, 510);
      upsert(songs, 900, 905); // nobody told it
      assertThatThrownBy(() -> sync(a, b))
          .isInstanceOfSatisfying(
              SyncRefusedException.class, e -> assertThat(e.newerEpoch()).isEqualTo(2));
      assertThat(songs.demote(2)).isTrue();
      assertThatThrownBy(() -> upsert(songs, 1, 2)).isInstanceOf(ReadOnlyException.class);
      ReceiveReport back = sync(b, a);
      assertThat(back.diverging()).hasSize(1);
      assertThat(songs.count()).isEqualTo(110);
      assertThat(songs.get("900")).isEmpty();
      assertThat(songs.get("505")).isPresent();
      try (SoniDb aside = SoniDb.open(back.aside().orElseThrow(), BY_HAND)) {
        assertThat(aside.collection("songs").get("900")).isPresent();
      }
    }
  }

  @Test
  void takesInNeitherAnotherCollectionNorAnOlderState() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      segment(a.create("songs", SPEC), 0, 10);
      b.create("songs", SPEC);
      assertThatThrownBy(() -> sync(a, b))
          .isInstanceOf(SyncRefusedException.class)
          .hasMessageContaining("only the name in common");
      b.drop("songs");
      try (Outgoing older = a.outgoing("songs", true, Progress.NONE)) {
        segment(a.collection("songs"), 10, 20);
        sync(a, b);
        assertThatThrownBy(() -> b.missing(older.state())).hasMessageContaining("newer writes");
      }
      assertThatThrownBy(() -> sync(b, a)).hasMessageContaining("written to here");
    }
  }

  @Test
  void takesNothingInWhenASegmentIsNotWhatItShouldBe() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 50);
      sync(a, b);
      segment(songs, 50, 100);
      try (Outgoing outgoing = a.outgoing("songs", true, Progress.NONE)) {
        bring(outgoing, b);
        Path segment =
            b.inbox().resolve(outgoing.uuid().toString()).resolve("segments/0001-00000002.flac");
        byte[] bytes = Files.readAllBytes(segment);
        bytes[9000] ^= 1;
        Files.write(segment, bytes);
        assertThatThrownBy(() -> b.receive(outgoing.state(), Progress.NONE))
            .isInstanceOf(StorageException.class)
            .hasMessageContaining("segments/0001-00000002.flac");
        assertThat(b.missing(outgoing.state()).stream().map(SyncFile::name))
            .containsExactly("segments/0001-00000002.flac");
      }
      assertThat(b.collection("songs").count()).isEqualTo(50);
      assertThat(sync(a, b).vectors()).isEqualTo(100);
    }
  }

  /// Records are checked in groups; one of several frames, and longer than all that is read at
  /// once, is among them.
  @Test
  void noticesAnyBitOfASegmentThatIsNotAsItWasSent() throws Exception {
    long seed = Long.getLong("sonidb.seed", System.nanoTime());
    Random random = new Random(seed);
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      Collection songs = a.create("songs", SPEC.metric(Metric.DOT));
      upsert(songs, 0, 300);
      songs.upsert(
          List.of(
              Point.of(
                  VectorId.of(1_000_000),
                  Vector.of(new float[DIMENSION]),
                  Payload.ofMap(Map.of("text", "x".repeat(300_000))))));
      delete(songs, 100, 120);
      upsert(songs, 300, 350);
      try (Outgoing outgoing = a.outgoing("songs", true, Progress.NONE)) {
        bring(outgoing, b);
        Path segment =
            b.inbox().resolve(outgoing.uuid().toString()).resolve("segments/0001-00000001.flac");
        byte[] bytes = Files.readAllBytes(segment);
        for (int round = 0; round < 100; round++) {
          int at = random.nextInt(bytes.length);
          byte bit = (byte) (1 << random.nextInt(8));
          bytes[at] ^= bit;
          Files.write(segment, bytes);
          bytes[at] ^= bit;
          assertThatThrownBy(() -> b.receive(outgoing.state(), Progress.NONE))
              .as("seed %d, byte %d", seed, at)
              .isInstanceOf(StorageException.class)
              .hasMessageContaining("segments/0001-00000001.flac");
          assertThat(b.collections()).isEmpty();
        }
        Files.write(segment, bytes);
        assertThat(b.receive(outgoing.state(), Progress.NONE).vectors()).isEqualTo(331);
      }
    }
  }

  @Test
  void takesInNothingWhoseManifestLiesAboutASegment() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      segment(a.create("songs", SPEC), 0, 50);
      try (Outgoing outgoing = a.outgoing("songs", true, Progress.NONE)) {
        bring(outgoing, b);
        SyncManifest state = outgoing.state();
        List<SyncFile> lies = new ArrayList<>(state.files());
        SyncFile first = lies.getFirst();
        lies.set(0, new SyncFile(first.name(), first.size(), first.crc32() ^ 1, first.sha256()));
        for (SyncManifest lying :
            List.of(
                new SyncManifest(state.uuid(), "songs", 1, state.sequence(), lies),
                new SyncManifest(UUID.randomUUID(), "songs", 1, state.sequence(), state.files()),
                new SyncManifest(state.uuid(), "songs", 2, state.sequence(), state.files()))) {
          assertThatThrownBy(() -> b.receive(lying, Progress.NONE))
              .isInstanceOf(StorageException.class);
          assertThat(b.collections()).isEmpty();
        }
        assertThat(b.receive(state, Progress.NONE).vectors()).isEqualTo(50);
      }
    }
  }

  @Test
  void passesTheChecksOfCksfvAndSha256sum() throws Exception {
    assumeThat(Path.of("/usr/bin/cksfv")).exists();
    assumeThat(Path.of("/usr/bin/sha256sum")).exists();
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      segment(a.create("songs", SPEC), 0, 100);
      sync(a, b);
    }
    for (List<String> check :
        List.of(
            List.of("/usr/bin/cksfv", "-g", "index.sfv"),
            List.of("/usr/bin/sha256sum", "-c", "index.sha256"))) {
      Process process =
          new ProcessBuilder(check)
              .directory(folderIn(there).toFile())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
      assertThat(said).contains("segments/0001-00000001.flac");
    }
  }

  @Test
  void getsDamagedSegmentsReplacedByWholeOnesAlone() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND)) {
      Collection songs = a.create("songs", SPEC);
      segment(songs, 0, 100);
      Path segment = files(".flac").getFirst();
      byte[] bytes = Files.readAllBytes(segment);
      List<SyncFile> files = a.sealed("songs", List.of("segments/0001-00000001.flac", "x.flac"));
      assertThat(files).hasSize(1);
      Path from = a.inbox().resolve("1");
      Files.createDirectories(from.resolve("segments"));
      byte[] other = bytes.clone();
      other[9000] ^= 1;
      Files.write(from.resolve(files.getFirst().name()), other);
      assertThatThrownBy(() -> a.repair("songs", from, files)).hasMessageContaining("should be");
      Files.write(segment, other);
      assertThat(songs.verifyIntegrity().ok()).isFalse();
      Files.write(from.resolve(files.getFirst().name()), bytes);
      a.repair("songs", from, files);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      assertThat(from).doesNotExist();
      upsert(songs, 100, 110);
      assertThat(songs.count()).isEqualTo(110);
    }
  }

  @Test
  void isThereAgainWhereverTheExchangeWasInterrupted() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND);
        SoniDb b = SoniDb.open(there, BY_HAND)) {
      segment(a.create("songs", SPEC), 0, 50);
      sync(a, b);
    }
    Path collections = there.resolve("collections");
    Path home;
    try (var files = Files.list(collections)) {
      home = files.findFirst().orElseThrow();
    }
    String uuid = home.getFileName().toString().substring(2);
    Files.move(home, collections.resolve("replaced-" + uuid));
    Files.createDirectories(collections.resolve("new-1/segments"));
    try (SoniDb b = SoniDb.open(there, BY_HAND)) {
      assertThat(b.collection("songs").count()).isEqualTo(50);
    }
    Files.createDirectories(collections.resolve("diverged-" + uuid + "/segments"));
    SoniDb.open(there, BY_HAND).close();
    try (var files = Files.list(collections)) {
      assertThat(files).containsExactly(home);
    }
    assertThat(there.resolve("sync/aside")).isNotEmptyDirectory();
  }

  @Test
  void readsNoManifestThatIsSpelledOtherwise() throws Exception {
    try (SoniDb a = SoniDb.open(data, BY_HAND)) {
      segment(a.create("songs", SPEC), 0, 10);
      try (Outgoing outgoing = a.outgoing("songs", true, Progress.NONE)) {
        String text = outgoing.state().text();
        assertThat(SyncManifest.parse(text)).isEqualTo(outgoing.state());
        for (String wrong :
            List.of(
                "",
                text.substring(1),
                text.replace("epoch 1", "epoch 01"),
                text.replace("epoch 1", "epoch x"),
                text.replace("segments/", "../"),
                text + "\n",
                text + "file 1 00000000 " + "0".repeat(64) + " index.sfv\n",
                text.stripTrailing())) {
          assertThatThrownBy(() -> SyncManifest.parse(wrong))
              .isInstanceOf(IllegalArgumentException.class);
        }
      }
    }
  }
}
