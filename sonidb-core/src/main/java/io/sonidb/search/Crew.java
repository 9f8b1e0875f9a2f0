package io.sonidb.search;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Shares the pieces of a job among the caller's thread and those that happen to be free.
///
/// The caller works too and waits only for helpers that have begun, so a job that is started from
/// inside another one never waits for a thread that waits for it. After the first failure no piece
/// is begun any more; when the call returns, no thread works on the job.
public final class Crew {
  /// One worker's share.
  ///
  /// @param <P> a piece
  public interface Worker<P> {
    /// Does one piece; called by one thread at a time.
    void work(P piece);
  }

  /// Makes a worker for a thread that joins.
  ///
  /// @param <P> a piece
  public interface Hiring<P> {
    /// Called at most once by each thread, by one at a time.
    Worker<P> hire();
  }

  private Crew() {}

  /// Does every piece.
  ///
  /// @param helpers runs the other workers
  /// @param size workers at most, the caller included
  /// @throws RuntimeException what a worker threw first
  public static <P> void run(List<P> pieces, Hiring<P> hiring, Executor helpers, int size) {
    Job<P> job = new Job<>(List.copyOf(pieces), hiring);
    for (int i = 1; i < Math.min(size, pieces.size()); i++) {
      try {
        helpers.execute(job::help);
      } catch (RejectedExecutionException shutDown) {
        break; // then the caller does it alone
      }
    }
    job.work();
    job.finish();
  }

  private static final class Job<P> {
    private final List<P> pieces;
    private final Hiring<P> hiring;
    private final AtomicInteger next = new AtomicInteger();
    private final List<Throwable> failures = new ArrayList<>(); // guarded by lock
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition gone = lock.newCondition();
    private int helping; // guarded by lock
    private boolean over; // guarded by lock

    Job(List<P> pieces, Hiring<P> hiring) {
      this.pieces = pieces;
      this.hiring = hiring;
    }

    void help() {
      lock.lock();
      try {
        if (over) {
          return;
        }
        helping++;
      } finally {
        lock.unlock();
      }
      try {
        work();
      } finally {
        lock.lock();
        try {
          helping--;
          gone.signalAll();
        } finally {
          lock.unlock();
        }
      }
    }

    void work() {
      try {
        int piece = next.getAndIncrement();
        if (piece >= pieces.size()) {
          return;
        }
        Worker<P> worker = hired();
        for (; piece < pieces.size(); piece = next.getAndIncrement()) {
          worker.work(pieces.get(piece));
        }
      } catch (RuntimeException | Error e) {
        next.set(pieces.size());
        lock.lock();
        try {
          failures.add(e);
        } finally {
          lock.unlock();
        }
      }
    }

    private Worker<P> hired() {
      lock.lock();
      try {
        return hiring.hire();
      } finally {
        lock.unlock();
      }
    }

    void finish() {
      lock.lock();
      try {
        over = true;
        while (helping > 0) {
          gone.awaitUninterruptibly();
        }
        if (!failures.isEmpty()) {
          switch (failures.getFirst()) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
          }
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
