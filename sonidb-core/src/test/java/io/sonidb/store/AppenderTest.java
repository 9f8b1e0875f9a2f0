package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.Quantisation;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AppenderTest {
  private static final Path FOLDER = Path.of("/songs");
  private static final VectorId A = VectorId.parse("a");
  private static final VectorId B = VectorId.parse("b");
  private static final VectorId C = VectorId.parse("c");

  private final ForgetfulStorage storage = new ForgetfulStorage(1);
  private final AtomicInteger syncs = new AtomicInteger();
  private final Set<VectorId> published = ConcurrentHashMap.newKeySet();
  private SegmentLog log;

  private final class Hearing implements SegmentLog.Listener {
    @Override
    public void published(Segment segment, int from, int to) {
      for (int ordinal = from; ordinal < to; ordinal++) {
        segment.table().id(ordinal).ifPresent(published::add);
      }
    }

    @Override
    public void moved(Segment from, int fromOrdinal, Segment to, int toOrdinal) {}

    @Override
    public long sequenceOf(VectorId id) {
      return 0;
    }

    @Override
    public long nowMillis() {
      return 0;
    }
  }

  /// Upserts of some ids, which tell when their ticket is drawn.
  private record Upserts(
      List<VectorId> ids, Optional<Precondition> precondition, CountDownLatch drawn)
      implements SegmentLog.Records {
    @Override
    public int count() {
      return ids.size();
    }

    @Override
    public SoundRecord record(int index, long sequence, boolean continues, long acknowledged) {
      drawn.countDown();
      return SoundRecord.upsert(sequence, ids.get(index), Vector.of(1f, 2f))
          .withBatchContinues(continues);
    }

    @Override
    public long bytes() {
      return 100L * ids.size();
    }
  }

  private interface Check {
    void run() throws PreconditionFailedException;
  }

  private static Optional<Precondition> condition(VectorId id, Check check) {
    return Optional.of(
        new Precondition() {
          @Override
          public List<VectorId> ids() {
            return List.of(id);
          }

          @Override
          public void check() throws PreconditionFailedException {
            check.run();
          }
        });
  }

  @BeforeEach
  void open() throws IOException {
    SegmentLog.create(
        storage,
        FOLDER,
        new CollectionHeader(
            "songs", new UUID(1, 2), 2, SoundFormat.FLOAT32, "dot", Quantisation.NONE),
        new Manifest.Settings(true, 1 << 20, 0, 0, java.util.Map.of(), false));
    log = SegmentLog.open(storage, FOLDER, Runnable::run, 1);
    log.start(new Hearing(), false);
    log.append(new Upserts(List.of(VectorId.of(0)), Optional.empty(), new CountDownLatch(1)));
    storage.failIf(operation -> {
      if (operation.kind() == ForgetfulStorage.Kind.SYNC) {
        syncs.incrementAndGet();
      }
      return false;
    });
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    assertThat(storage.violations()).isEmpty();
  }

  /// Appends on a thread of its own, and returns once that waits.
  private CompletableFuture<Long> append(List<VectorId> ids, Optional<Precondition> precondition)
      throws InterruptedException {
    CountDownLatch drawn = new CountDownLatch(1);
    CompletableFuture<Long> done = new CompletableFuture<>();
    Thread caller =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                done.complete(log.append(new Upserts(ids, precondition, drawn)));
              } catch (IOException | RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            });
    drawn.await();
    while (caller.isAlive() && caller.getState() != Thread.State.WAITING) {
      Thread.onSpinWait(); // until its ticket is ready
    }
    return done;
  }

  private interface Queueing {
    void run() throws InterruptedException;
  }

  /// Lets tickets queue up while the appender waits, so that it takes them as one group.
  private void asOneGroup(Queueing queueing) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    Thread holder =
        Thread.ofPlatform()
            .start(() -> {
              try {
                log.exclusively(() -> {
                  go.await();
                  return true;
                });
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    while (holder.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    queueing.run();
    go.countDown();
    holder.join();
  }

  @Test
  void putsASkipInPlaceOfRecordsWhoseConditionDoesNotHold() throws Exception {
    assertThatThrownBy(() ->
            log.append(
                new Upserts(
                    List.of(A, B),
                    condition(
                        A,
                        () -> {
                          throw new PreconditionFailedException(A, 7);
                        }),
                    new CountDownLatch(1))))
        .isInstanceOfSatisfying(
            PreconditionFailedException.class,
            e -> {
              assertThat(e.id()).isEqualTo(A);
              assertThat(e.found()).isEqualTo(7);
            });
    assertThat(append(List.of(C), Optional.empty()).join()).isEqualTo(4);
    assertThat(log.lastSequence()).isEqualTo(4);
    assertThat(published).contains(C).doesNotContain(A, B);
  }

  @Test
  void failsOnlyTheRecordsWhoseCheckBreaks() throws Exception {
    CompletableFuture<?>[] all = new CompletableFuture<?>[3];
    asOneGroup(() -> {
      all[0] = append(List.of(A), Optional.empty());
      all[1] =
          append(
              List.of(B),
              condition(
                  B,
                  () -> {
                    throw new IllegalStateException("broken");
                  }));
      all[2] = append(List.of(C), Optional.empty());
    });
    assertThat(all[0].join()).isEqualTo(2L);
    assertThatThrownBy(all[1]::join)
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining("broken");
    assertThat(all[2].join()).isEqualTo(4L);
    assertThat(published).contains(A, C).doesNotContain(B);
  }

  @Test
  void checksAConditionWhenTheEarlierRecordsOfItsIdsArePublished() throws Exception {
    CompletableFuture<?>[] all = new CompletableFuture<?>[3];
    asOneGroup(() -> {
      all[0] = append(List.of(A, B), Optional.empty());
      all[1] = append(List.of(B), condition(B, () -> assertThat(published).contains(A, B)));
      all[2] = append(List.of(B), condition(B, () -> assertThat(published).contains(A, B)));
    });
    CompletableFuture.allOf(all).join();
    assertThat(syncs).hasValue(3);
  }

  @Test
  void writesConditionsOfDifferentIdsWithOneSync() throws Exception {
    CompletableFuture<?>[] all = new CompletableFuture<?>[3];
    asOneGroup(() -> {
      all[0] = append(List.of(A), condition(A, () -> assertThat(published).doesNotContain(A)));
      all[1] = append(List.of(B), condition(B, () -> assertThat(published).doesNotContain(A)));
      all[2] = append(List.of(C), condition(C, () -> assertThat(published).doesNotContain(A, B)));
    });
    CompletableFuture.allOf(all).join();
    assertThat(published).contains(A, B, C);
    assertThat(syncs).hasValue(1);
  }
}
