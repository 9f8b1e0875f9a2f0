package io.sonidb.cli;

import io.sonidb.Change;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The changes of a node, pulled one by one; a few are asked for ahead.
final class NodeChanges implements ChangeFeed, Flow.Subscriber<Change> {

  private static final int AHEAD = 64;

  /// What came: a change, or the end.
  private sealed interface Came {
    record Next(Change change) implements Came {}

    record End(Optional<RuntimeException> failure) implements Came {}
  }

  private final BlockingQueue<Came> came = new ArrayBlockingQueue<>(AHEAD + 2);
  private volatile Flow.@Nullable Subscription subscription;
  private boolean isOver;

  static NodeChanges of(Flow.Publisher<Change> changes) {
    NodeChanges pulled = new NodeChanges();
    changes.subscribe(pulled);
    return pulled;
  }

  @Override
  public Optional<Change> next(Duration timeout) throws InterruptedException {
    if (isOver) {
      return Optional.empty();
    }
    return switch (came.poll(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
      case null -> Optional.empty();
      case Came.Next(Change change) -> {
        Flow.Subscription asked = subscription;
        if (asked != null) {
          asked.request(1);
        }
        yield Optional.of(change);
      }
      case Came.End(Optional<RuntimeException> failure) -> {
        isOver = true;
        if (failure.isPresent()) {
          throw failure.get();
        }
        yield Optional.empty();
      }
    };
  }

  @Override
  public boolean isOver() {
    return isOver;
  }

  @Override
  public void onSubscribe(Flow.Subscription made) {
    subscription = made;
    made.request(AHEAD);
  }

  @Override
  public void onNext(Change change) {
    came.add(new Came.Next(change));
  }

  @Override
  public void onError(Throwable failure) {
    RuntimeException known =
        failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    came.add(new Came.End(Optional.of(known)));
  }

  @Override
  public void onComplete() {
    came.add(new Came.End(Optional.empty()));
  }

  @Override
  public void close() {
    Flow.Subscription asked = subscription;
    if (asked != null) {
      asked.cancel();
    }
  }
}
