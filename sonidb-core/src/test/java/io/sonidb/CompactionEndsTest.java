package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CompactionEndsTest extends SmallSegments {
  @Test
  void doesNotRewriteASegmentOfNothingButASkipAgainAndAgain() {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      for (int i = 0; i < 5; i++) {
        segment(songs, i * 4000, i * 4000 + 4000);
      }
      segment(songs, 4000, 8000); // the second one is dead as a whole, between two live ones
      segment(songs, 12_000, 15_200); // of the fourth and the fifth a fifth is live
      segment(songs, 16_000, 19_200);
      songs.compact(false, atMost(100));
      assertThat(songs.stats().spaceAmplification()).isLessThan(1.5);
    }
  }

  @Test
  void doesNotRewriteAgainWhatIsSupersededButNotYetSynced() {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC.durability(Durability.OS));
      segment(songs, 0, 7000);
      upsert(songs, 0, 4000);
      songs.compact(false, atMost(100));
    }
  }
}
