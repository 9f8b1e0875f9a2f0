package io.sonidb;

import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// The one thread of a database that makes search indexes, begun when there is something to do.
final class Indexer implements AutoCloseable {
  private Optional<ScheduledThreadPoolExecutor> thread = Optional.empty(); // guarded by this
  private boolean closed; // guarded by this

  /// Runs a task, one after the other.
  ///
  /// @return whether it will run; not if the database is being closed
  synchronized boolean run(Runnable task, long afterMillis) {
    if (closed) {
      return false;
    }
    var _ = thread().schedule(task, afterMillis, TimeUnit.MILLISECONDS);
    return true;
  }

  private synchronized ScheduledThreadPoolExecutor thread() {
    if (thread.isEmpty()) {
      ScheduledThreadPoolExecutor fresh =
          new ScheduledThreadPoolExecutor(
              1, Thread.ofPlatform().daemon().name("sonidb-index").factory());
      fresh.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
      thread = Optional.of(fresh);
    }
    return thread.get();
  }

  /// What waits is left; what runs is the collections' to end. Nobody is interrupted: that would
  /// close a file in the middle.
  @Override
  public synchronized void close() {
    closed = true;
    thread.ifPresent(ScheduledThreadPoolExecutor::shutdown);
  }
}
