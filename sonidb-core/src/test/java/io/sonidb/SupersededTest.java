package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SupersededTest extends SmallSegments {
  @TempDir Path aside;

  @Test
  void deletesNoSegmentForOneFlippedBitOfATag() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 4000);
      segment(songs, 4000, 8000);
      delete(songs, 0, 1000);
      songs.compact(true, Progress.NONE);
      assertThat(songs.count()).isEqualTo(7000);
    }
    for (Path file : files(".flac")) {
      byte[] bytes = Files.readAllBytes(file);
      int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("SUPERSEDES=1-4000");
      if (at >= 0) {
        bytes[at + 13] ^= 1; // 4000 becomes 5000; the JSON beside it still says 4000
        Files.write(file, bytes);
      }
    }
    Files.delete(folder().resolve("collection.json"));
    List<Path> before = files(".flac");
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      assertThat(files(".flac")).containsAll(before);
      assertThat(db.collection("songs").count()).isEqualTo(7000);
    }
  }

  @Test
  void keepsACompactedSegmentThatHoldsMoreThanWhatAnOlderManifestNames() throws Exception {
    Path manifest;
    Path first;
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 100);
      first = files(".flac").getFirst();
      upsert(songs, 100, 200);
      Files.copy(first, aside.resolve("first"));
      manifest = folder().resolve("collection.json");
      Files.copy(manifest, aside.resolve("manifest"));
      songs.buildIndex();
      delete(songs, 0, 10);
      delete(songs, 100, 110);
      songs.compact(true, Progress.NONE);
    }
    List<Path> compacted = files(".flac");
    // A backup of an earlier state is copied over the folder.
    Files.delete(manifest);
    Files.copy(aside.resolve("manifest"), manifest);
    Files.copy(aside.resolve("first"), first);
    SoniDb.open(data, BY_HAND).close();
    assertThat(files(".flac")).as("what holds all of 100 to 199").containsAll(compacted);
  }

  @Test
  void doesNotDropASegmentWhoseFileAndIndexAreMissing() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 100);
      segment(songs, 100, 200);
    }
    Path file = files(".flac").getFirst();
    Path index = files(".idx").getFirst();
    Files.move(file, aside.resolve("file"));
    Files.move(index, aside.resolve("index"));
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      assertThat(db.warnings()).anyMatch(warning -> warning.contains("missing"));
      try {
        db.collection("songs").alter(SPEC.metric(Metric.EUCLID), Progress.NONE);
      } catch (StorageException cannotRewriteIt) {
        // fine
      }
    }
    Files.move(aside.resolve("file"), file);
    Files.move(aside.resolve("index"), index);
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      assertThat(file).exists();
      assertThat(db.collection("songs").count()).isEqualTo(200);
    }
  }
}
