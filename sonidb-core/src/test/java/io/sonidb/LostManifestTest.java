package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What may happen to a collection whose manifest was lost.
class LostManifestTest {
  private static final Path FOLDER = Path.of("/db");
  private static final Path SNAPSHOT = Path.of("/snapshot");

  private final ForgetfulStorage storage = new ForgetfulStorage(1);

  private SoniDb open(Path folder) throws IOException {
    storage.createFolders(folder);
    return SoniDb.open(storage, folder, Optional.empty(), new SoniDbOptions(1));
  }

  private void loseManifest() throws IOException {
    for (Path file : storage.files()) {
      if (file.startsWith(FOLDER) && file.endsWith("collection.json")) {
        storage.take(file);
      }
    }
  }

  @Test
  void sealsACompactedSegmentAgainAsItWas() throws IOException {
    Path segment;
    byte[] sealed;
    try (SoniDb db = open(FOLDER)) {
      Collection songs = db.create("songs", CollectionSpec.dimension(2));
      for (int id = 0; id < 500; id++) {
        songs.upsert("" + id, new float[] {id, 1});
      }
      songs.delete(IntStream.range(0, 300).mapToObj(VectorId::of).toList());
      songs.compact(true, Progress.NONE);
      segment =
          storage.files().stream()
              .filter(file -> file.toString().endsWith(".flac"))
              .findFirst()
              .orElseThrow();
      sealed = storage.bytes(segment);
    }
    loseManifest();
    try (SoniDb db = open(FOLDER)) {
      db.collection("songs").buildIndex();
      assertThat(storage.bytes(segment)).isEqualTo(sealed);
    }
  }

  @Test
  void writesNothingIntoFilesThatASnapshotShares() throws IOException {
    try (SoniDb db = open(FOLDER)) {
      Collection songs = db.create("songs", CollectionSpec.dimension(2));
      songs.upsert("1", new float[] {1, 2});
      assertThat(songs.snapshot(SNAPSHOT, Progress.NONE).linked()).isTrue();
    }
    loseManifest();
    try (SoniDb db = open(FOLDER)) {
      Collection songs = db.collection("songs");
      songs.upsert("2", new float[] {3, 4});
      songs.buildIndex();
    }
    try (SoniDb db = open(SNAPSHOT)) {
      assertThat(db.warnings()).isEmpty();
      Collection songs = db.collection("songs");
      assertThat(songs.count()).isEqualTo(1);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
    try (SoniDb db = open(FOLDER)) {
      Collection songs = db.collection("songs");
      assertThat(songs.count()).isEqualTo(2);
      assertThat(songs.snapshot(SNAPSHOT, Progress.NONE).vectors()).isEqualTo(2);
    }
  }
}
