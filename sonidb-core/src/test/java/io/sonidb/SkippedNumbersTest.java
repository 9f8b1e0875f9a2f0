package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Precondition;
import io.sonidb.store.PreconditionFailedException;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SkippedNumbersTest extends SmallSegments {
  @TempDir Path aside;

  /// Ten deletes that were overtaken.
  private static final class Overtaken implements SegmentLog.Records {
    @Override
    public int count() {
      return 10;
    }

    @Override
    public SoundRecord record(int index, long sequence, boolean continues, long acknowledged) {
      return SoundRecord.delete(sequence, VectorId.of(index)).withBatchContinues(continues);
    }

    @Override
    public long bytes() {
      return 1000;
    }

    @Override
    public Optional<Precondition> precondition() {
      return Optional.of(
          new Precondition() {
            @Override
            public List<VectorId> ids() {
              return List.of(VectorId.of(0));
            }

            @Override
            public void check() throws PreconditionFailedException {
              throw new PreconditionFailedException(VectorId.of(0), 0);
            }
          });
    }
  }

  @Test
  void givesNoNumberTwiceAfterABatchThatWasSkipped() {
    long last = 5 + 10 + 1 + 10;
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 5);
      assertThatThrownBy(() -> songs.engine().log().append(new Overtaken()))
          .isInstanceOf(PreconditionFailedException.class);
      upsert(songs, 5, 6); // shows the skip
      assertThatThrownBy(() -> songs.engine().log().append(new Overtaken()))
          .isInstanceOf(PreconditionFailedException.class);
    }
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.collection("songs");
      assertThat(songs.lastSequence()).as("after a clean close").isEqualTo(last);
      byte[] buffer = new byte[1 << 16];
      try (AudioStream all = songs.audio(1, false, StreamOptions.ALL)) {
        assertThat(all.fill(buffer, 0, buffer.length)).isPositive();
        assertThat(all.fill(buffer, 0, buffer.length)).isZero();
        assertThat(all.isOver()).as("a stream without end of what there is").isTrue();
      }
      try (AudioStream live = songs.audio(last + 1, true, StreamOptions.ALL)) {
        assertThat(live.fill(buffer, 0, buffer.length)).isZero();
        AtomicInteger looks = new AtomicInteger();
        CompletableFuture<Integer> bytes =
            CompletableFuture.supplyAsync(() -> {
              int count = 0;
              while (count == 0) {
                try {
                  live.await(Duration.ofMinutes(1));
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                looks.incrementAndGet();
                count = live.fill(buffer, 0, buffer.length);
              }
              return count;
            });
        upsert(songs, 6, 7);
        assertThat(bytes.join()).isPositive();
        assertThat(looks.get()).as("looks for one record").isLessThan(10);
        assertThat(live.nextSequence()).isEqualTo(last + 2);
      }
    }
  }

  @Test
  void losesNoVectorThatWasAcknowledgedBeforeACrash() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      upsert(songs, 0, 5);
      assertThatThrownBy(() -> songs.engine().log().append(new Overtaken()))
          .isInstanceOf(PreconditionFailedException.class);
    }
    Path crashed = aside.resolve("crashed");
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      upsert(db.collection("songs"), 5, 10);
      copy(data, crashed);
    }
    try (SoniDb db = SoniDb.open(crashed, BY_HAND)) {
      assertThat(db.collection("songs").count()).as("%s", db.warnings()).isEqualTo(10);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }
}
