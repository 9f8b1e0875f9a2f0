package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DamagedPayloadTest extends SmallSegments {
  @Test
  void searchLeavesOutAndNamesAPointWhosePayloadRecordIsDamaged() throws Exception {
    long offset;
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 100);
      songs.overwritePayload(List.of(VectorId.of(7)), Payload.ofJson("{\"year\": 1969}"));
      songs.buildIndex();
      offset = songs.engine().log().segments().getLast().table().offset(0);
    }
    Path file = files(".flac").getLast();
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) offset + 30] ^= 1;
    Files.write(file, bytes);
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.collection("songs");
      float[] query = new float[DIMENSION];
      query[0] = 1;
      SearchResult found = songs.search(Query.nearest(Vector.of(query), 100));
      assertThat(found.hits()).hasSize(99);
      assertThat(found.damaged()).isNotEmpty();
    }
  }
}
