package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotLinksTest extends SmallSegments {
  @TempDir Path backup;

  @Test
  void keepsASnapshotAsItIsWhenTheOriginalIsRebuilt() throws Exception {
    Path snapshot = backup.resolve("snapshot");
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 100);
      assertThat(songs.snapshot(snapshot, Progress.NONE).linked()).isTrue();
    }
    Files.delete(folder().resolve("collection.json"));
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      upsert(db.collection("songs"), 100, 200); // goes on in the file that the snapshot links to
    }
    try (SoniDb restored = SoniDb.open(backup.resolve("restored"), BY_HAND)) {
      List<RestoreReport> reports = restored.restore(snapshot, Progress.NONE);
      assertThat(reports.getFirst().vectors()).isEqualTo(100);
    }
  }

  @Test
  void doesNotOverwriteASnapshotOfAHistoryThatWentAnotherWay() throws Exception {
    Path snapshot = backup.resolve("snapshot");
    Path fork = backup.resolve("fork");
    try (SoniDb db = SoniDb.open(data, BY_HAND);
        SoniDb other = SoniDb.open(fork, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 100);
      songs.snapshot(snapshot, Progress.NONE);
      other.restore(snapshot, Progress.NONE);
      upsert(songs, 1000, 1100);
      songs.snapshot(snapshot, Progress.NONE); // holds 1000 to 1099, which the fork never had
      Collection forked = other.collection("songs");
      upsert(forked, 2000, 2200);
      try {
        forked.snapshot(snapshot, Progress.NONE);
      } catch (StorageException refused) {
        // as it should be
      }
    }
    try (SoniDb db = SoniDb.open(snapshot, BY_HAND)) {
      assertThat(db.collection("songs").get("1050")).as("the backup's own record").isPresent();
    }
  }
}
