package io.sonidb.server.hls;

/// A clock that goes when it is told to, for one who lives by it.
public final class ManualClock implements LiveClock {
  private long millis;
  private long wanted = -1;

  /// @param millis since 1970
  public ManualClock(long millis) {
    this.millis = millis;
  }

  @Override
  public synchronized long millis() {
    return millis;
  }

  @Override
  public synchronized void awaitMillis(long until) throws InterruptedException {
    wanted = until;
    notifyAll();
    while (millis < until) {
      wait();
    }
  }

  /// Lets time pass.
  public synchronized void pass(long by) {
    millis += by;
    notifyAll();
  }

  /// Lets time pass, and returns when all that was to be done by then has been done.
  public synchronized void advance(long by) throws InterruptedException {
    millis += by;
    notifyAll();
    while (wanted <= millis) {
      wait();
    }
  }
}
