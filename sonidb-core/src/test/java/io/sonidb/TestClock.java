package io.sonidb;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// A clock that goes on only when it is told to.
final class TestClock implements InstantSource {
  static final Instant START = Instant.parse("2031-05-04T03:02:01.234Z");

  private volatile Instant now = START;

  @Override
  public Instant instant() {
    return now;
  }

  synchronized void advance(Duration time) {
    now = now.plus(time);
  }
}
