package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class CompactPastDamageTest extends SmallSegments {
  @Test
  void altersTheSegmentsBehindADamagedOne() throws Exception {
    long offset;
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      for (int i = 0; i < 4; i++) {
        segment(songs, i * 3000, i * 3000 + 3000);
      }
      offset = songs.engine().log().segments().getFirst().table().offset(100);
    }
    Path first = files(".flac").getFirst();
    byte[] bytes = Files.readAllBytes(first);
    bytes[(int) offset + 30] ^= 1;
    Files.write(first, bytes);
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.collection("songs");
      try {
        songs.alter(SPEC.metric(Metric.EUCLID), Progress.NONE);
      } catch (StorageException namesTheDamage) {
        // fine, as long as the others are done
      }
      assertThat(songs.stats().outdatedSegments()).isEqualTo(1);
    }
  }
}
