package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;

final class ClosedCollectionTest extends SmallSegments {
  @Test
  void doesNotAlterACollectionThatIsClosed() throws Exception {
    Collection stale;
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      stale = db.create("songs", SPEC);
      segment(stale, 0, 100);
    }
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.collection("songs");
      segment(songs, 100, 200);
      delete(songs, 0, 10);
      songs.compact(true, Progress.NONE);
    }
    byte[] before = Files.readAllBytes(folder().resolve("collection.json"));
    try {
      stale.alter(SPEC.metric(Metric.EUCLID), Progress.NONE);
    } catch (StorageException | IllegalStateException refused) {
      // as it should be
    }
    assertThat(Files.readAllBytes(folder().resolve("collection.json")).length)
        .as("bytes of the manifest")
        .isEqualTo(before.length);
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      assertThat(db.warnings()).isEmpty();
      assertThat(db.collection("songs").get("150")).isPresent();
    }
  }
}
