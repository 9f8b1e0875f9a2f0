package io.sonidb.server.http;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Counts answers that go on for as long as their clients take them: files, and what follows a
/// collection.
final class Streams {
  private final AtomicLong now = new AtomicLong();

  /// A stream that was begun; it ends once, however often it is closed.
  interface Stream extends AutoCloseable {
    @Override
    void close();
  }

  Stream begin() {
    now.incrementAndGet();
    AtomicBoolean isOpen = new AtomicBoolean(true);
    return () -> {
      if (isOpen.getAndSet(false)) {
        now.decrementAndGet();
      }
    };
  }

  long open() {
    return now.get();
  }
}
