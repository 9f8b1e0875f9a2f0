package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.index.RecordTable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SealQueueTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  // The clock stands still while somebody waits, so no wait ends by itself.
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - SECOND);
  private final SealQueue queue = new SealQueue(clock::get);
  private int made;

  private SealQueue.Waiting segmentAfter(long nanos) {
    clock.addAndGet(nanos);
    made++;
    Segment segment = new Segment(made, "0001-" + made + ".flac", RecordTable.growing());
    return new SealQueue.Waiting(segment, Optional.empty(), () -> {});
  }

  private static List<Integer> numbers(List<SealQueue.Waiting> taken) {
    return taken.stream().map(each -> each.segment().number()).toList();
  }

  private CompletableFuture<List<SealQueue.Waiting>> takeOnOtherThread(int enough)
      throws InterruptedException {
    CompletableFuture<List<SealQueue.Waiting>> taken = new CompletableFuture<>();
    Thread taker = Thread.ofPlatform().daemon().start(() -> taken.complete(queue.take(enough)));
    while (taker.getState() != Thread.State.TIMED_WAITING && !taken.isDone()) {
      Thread.onSpinWait();
    }
    return taken;
  }

  @Test
  void givesNothingWhenNothingWaits() {
    assertThat(queue.take(4)).isEmpty();
  }

  @Test
  void givesTheFirstAtOnce() {
    queue.add(segmentAfter(0));
    assertThat(numbers(queue.take(4))).containsExactly(1);
  }

  @Test
  void givesOneAtOnceWhenSegmentsFillSlowly() {
    for (int i = 1; i <= 3; i++) {
      queue.add(segmentAfter(SealQueue.MAX_GAP_NANOS));
      assertThat(numbers(queue.take(4))).containsExactly(i);
    }
  }

  @Test
  void waitsForCompanyWhileSegmentsFillQuickly() throws InterruptedException {
    queue.add(segmentAfter(0));
    queue.add(segmentAfter(SECOND));
    CompletableFuture<List<SealQueue.Waiting>> taken = takeOnOtherThread(4);
    queue.add(segmentAfter(SECOND / 2));
    assertThat(taken).isNotDone();
    queue.add(segmentAfter(SECOND / 2));
    assertThat(numbers(taken.join())).containsExactly(1, 2, 3, 4);
    assertThat(queue.take(4)).isEmpty();
  }

  @Test
  void doesNotWaitLongerThanTwiceTheTimeBetweenTwo() {
    queue.add(segmentAfter(0));
    queue.add(segmentAfter(SECOND));
    clock.addAndGet(2 * SECOND);
    assertThat(numbers(queue.take(4))).containsExactly(1, 2);
  }

  @Test
  void doesNotWaitWhenSomebodyWaitsForTheSealing() throws InterruptedException {
    queue.add(segmentAfter(0));
    queue.add(segmentAfter(SECOND));
    CompletableFuture<List<SealQueue.Waiting>> taken = takeOnOtherThread(4);
    assertThat(taken).isNotDone();
    queue.hurry();
    assertThat(numbers(taken.join())).containsExactly(1, 2);

    queue.add(segmentAfter(1));
    assertThat(numbers(queue.take(4))).containsExactly(3);
    queue.relax();
    queue.add(segmentAfter(SECOND));
    assertThat(takeOnOtherThread(4)).isNotDone();
  }
}
