package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class CompactedHeadTest extends SmallSegments {
  @Test
  void repairsTheHeadOfACompactedSegment() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 3000);
      delete(songs, 0, 1500);
      upsert(songs, 0, 100);
      songs.compact(true, Progress.NONE);
      Path file = files(".flac").getFirst();
      byte[] bytes = Files.readAllBytes(file);
      bytes[60] ^= 1; // in the SEEKTABLE
      Files.write(file, bytes);
      assertThat(songs.verifyIntegrity().damaged()).isNotEmpty();
      songs.buildIndex();
      assertThat(songs.verifyIntegrity().damaged()).isEmpty();
    }
  }
}
