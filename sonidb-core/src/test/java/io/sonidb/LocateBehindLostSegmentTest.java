package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.VectorId;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LocateBehindLostSegmentTest extends SmallSegments {
  @Test
  void findsTheVectorOfAPayloadBehindASegmentThatIsLost() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 100);
      segment(songs, 100, 200);
      upsert(songs, 200, 300);
      songs.overwritePayload(List.of(VectorId.of(250)), Payload.ofJson("{\"year\": 1969}"));
    }
    Files.delete(files(".flac").get(1));
    Files.delete(files(".idx").get(1));
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.collection("songs");
      assertThat(songs.get("250")).isPresent();
      songs.delete("250");
      assertThat(songs.view().count()).isEqualTo(199);
    }
  }
}
