package io.sonidb.client;

import io.sonidb.Change;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The changes of a collection from a sequence number on, for ever or to the newest, each once and
/// in order, whatever becomes of the connection.
///
/// Nothing is read that was not asked for: a subscriber that is busy holds up the node's sending,
/// and when the node loses its patience, or stops, or the connection breaks, or something got lost
/// on the way, the node is asked again, after a pause that grows, from the last change on. What
/// ends it is the subscriber, or a refusal: [HistoryGoneException], [NotFoundException] when the
/// collection was dropped, [KeyRefusedException]. A node that is not reached at first is a failure,
/// too.
///
/// Each subscriber has a connection and a virtual thread of its own.
final class Changes implements Flow.Publisher<Change> {
  private final ChangeSource.Opening opening;
  private final long from;
  private final boolean follow;

  /// @param from sequence number of the first change
  /// @param follow whether it goes on when the node has said all
  Changes(ChangeSource.Opening opening, long from, boolean follow) {
    this.opening = opening;
    this.from = from;
    this.follow = follow;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super Change> subscriber) {
    Following following = new Following(subscriber);
    Thread.ofVirtual().name("sonidb-changes").start(following::run);
  }

  private final class Following implements Flow.Subscription {
    private final Flow.Subscriber<? super Change> subscriber;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long demand; // guarded by lock
    private boolean isCancelled; // guarded by lock
    private @Nullable Throwable misuse; // guarded by lock
    private @Nullable ChangeSource source; // guarded by lock
    private long next = from;

    Following(Flow.Subscriber<? super Change> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public void request(long count) {
      lock.lock();
      try {
        if (count < 1) {
          misuse = new IllegalArgumentException("demand must be 1 or more, was " + count);
        } else {
          demand = demand > Long.MAX_VALUE - count ? Long.MAX_VALUE : demand + count;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void cancel() {
      lock.lock();
      try {
        isCancelled = true;
        changed.signalAll();
        if (source != null) {
          source.close();
        }
      } finally {
        lock.unlock();
      }
    }

    void run() {
      try {
        subscriber.onSubscribe(this);
        follow();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        cancel();
        subscriber.onError(e);
      }
    }

    private void follow() throws InterruptedException {
      boolean wasThere = false;
      int failures = 0;
      while (awaitDemand()) {
        try (ChangeSource opened = opening.open(next)) {
          wasThere = true;
          use(opened);
          long before = next;
          boolean isAll = deliver(opened);
          if (isAll && !follow) {
            subscriber.onComplete();
            return;
          }
          failures = next > before ? 0 : failures;
        } catch (IOException e) {
          // It broke: asked again below.
        } catch (UnreachableException | BusyException e) {
          if (!wasThere) {
            throw e;
          }
        }
        failures++;
        pause(failures);
      }
    }

    private void use(ChangeSource opened) {
      lock.lock();
      try {
        source = opened;
        if (isCancelled) {
          opened.close();
        }
      } finally {
        lock.unlock();
      }
    }

    /// Hands changes on until the node ends the answer, or the subscriber has enough.
    ///
    /// @return whether the node did
    private boolean deliver(ChangeSource opened) throws IOException, InterruptedException {
      while (awaitDemand()) {
        Optional<Change> change = opened.next();
        if (change.isEmpty()) {
          next = opened.nextSequence();
          return true;
        }
        if (!take()) {
          return false;
        }
        next = opened.nextSequence(); // before: whoever takes it may fail
        subscriber.onNext(change.get());
      }
      return false;
    }

    /// @return whether there is demand, and not the end
    private boolean awaitDemand() throws InterruptedException {
      lock.lock();
      try {
        while (demand == 0 && !isCancelled && misuse == null) {
          changed.await();
        }
        if (misuse instanceof RuntimeException wrong) {
          throw wrong;
        }
        return !isCancelled;
      } finally {
        lock.unlock();
      }
    }

    private boolean take() {
      lock.lock();
      try {
        demand -= demand == Long.MAX_VALUE ? 0 : 1;
        return !isCancelled;
      } finally {
        lock.unlock();
      }
    }

    private void pause(int failures) throws InterruptedException {
      lock.lock();
      try {
        long left = Connection.pause(failures) * 1_000_000;
        while (left > 0 && !isCancelled) {
          left = changed.awaitNanos(left);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
