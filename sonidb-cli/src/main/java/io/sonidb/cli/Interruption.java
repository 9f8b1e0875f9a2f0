package io.sonidb.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Ctrl-C, made gentle: the running command is asked to stop, and the process waits for it.
///
/// Long commands look at [#requested] between two batches, and close the database as always. So
/// nothing is left half done; even where they are not given the time, no acknowledged write is
/// lost.
final class Interruption {

  private static final long PATIENCE_SECONDS = 10;

  private final CountDownLatch finished = new CountDownLatch(1);
  private final AtomicReference<Runnable> action = new AtomicReference<>(Interruption::nothing);
  private volatile boolean requested;
  private volatile long patienceSeconds = PATIENCE_SECONDS;

  /// Waits so long for the command to end, once that was asked for.
  void waitFor(long seconds) {
    patienceSeconds = seconds;
  }

  /// Listens for the process being asked to end.
  void listen() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::requestAndWait, "interruption"));
  }

  boolean requested() {
    return requested;
  }

  /// Has this done when the request comes: to end a wait that does not look at [#requested].
  void whenRequested(Runnable wakeUp) {
    action.set(wakeUp);
    if (requested) {
      wakeUp.run();
    }
  }

  /// The command has returned and everything is closed.
  void commandFinished() {
    action.set(Interruption::nothing);
    finished.countDown();
  }

  private static void nothing() {}

  void request() {
    requested = true;
    action.get().run();
  }

  private void requestAndWait() {
    if (finished.getCount() == 0) {
      return;
    }
    request();
    try {
      if (!finished.await(patienceSeconds, TimeUnit.SECONDS)) {
        System.err.println("sonidb: stopped without waiting any longer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
