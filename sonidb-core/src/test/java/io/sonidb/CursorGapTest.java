package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.store.LogCursor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class CursorGapTest extends SmallSegments {
  @Test
  void skipsNoRecordWhenItsSegmentIsCompactedMeanwhile() {
    compactBesideCursors(5);
  }

  @Tag("slow")
  @Test
  void skipsNoRecordHoweverOftenItsSegmentIsCompacted() {
    compactBesideCursors(200);
  }

  private void compactBesideCursors(int times) {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      for (int i = 0; i < 20; i++) {
        segment(songs, i, i + 1);
      }
      AtomicBoolean done = new AtomicBoolean();
      CompletableFuture<Long> skipped =
          CompletableFuture.supplyAsync(() -> {
            long gaps = 0;
            while (!done.get()) {
              for (long sequence = 1; sequence <= 20; sequence++) {
                try (LogCursor cursor = new LogCursor(songs.engine().log(), sequence)) {
                  gaps += !cursor.next() || cursor.nextSequence() != sequence + 1 ? 1 : 0;
                }
              }
            }
            return gaps;
          });
      for (int i = 0; i < times; i++) {
        songs.alter(SPEC.metric(i % 2 == 0 ? Metric.EUCLID : Metric.COSINE), Progress.NONE);
      }
      done.set(true);
      assertThat(skipped.join()).as("live records that a cursor left out").isZero();
    }
  }
}
