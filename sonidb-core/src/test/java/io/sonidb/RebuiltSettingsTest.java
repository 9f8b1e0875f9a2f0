package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class RebuiltSettingsTest extends SmallSegments {
  @Test
  void tellsThatTheTimeToLiveIsLostWithTheManifest() throws Exception {
    CollectionSpec spec = SPEC.timeToLive(Duration.ofDays(1)).retention(Duration.ofDays(365));
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      upsert(db.create("songs", spec), 0, 10);
    }
    Files.delete(folder().resolve("collection.json"));
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      boolean kept = db.collection("songs").spec().equals(spec);
      boolean told = db.warnings().stream().anyMatch(warning -> warning.contains("time to live"));
      assertThat(kept || told).as("%s", db.warnings()).isTrue();
    }
  }
}
