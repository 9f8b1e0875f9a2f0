package io.sonidb.server.hls;

import java.time.Instant;

/// The time of live sound. It begins in 2020 for every collection, so the sequence number of a
/// media segment says when it was, and a node that was started again goes on where time is: no
/// number comes twice, and no player is led back.
final class Timeline {
  /// Samples a second.
  static final int RATE = 48_000;

  static final int PART_MILLIS = 200;

  /// Samples of a part: so many, whatever it holds.
  static final int PART_SAMPLES = RATE / 1000 * PART_MILLIS;

  /// Parts of a media segment, which is a second.
  static final int PARTS = 5;

  private static final long START_MILLIS = Instant.parse("2020-01-01T00:00:00Z").toEpochMilli();

  private Timeline() {}

  /// The number of the part that a moment lies in; parts are counted through all segments.
  static long part(long millis) {
    return Math.max(0, millis - START_MILLIS) / PART_MILLIS;
  }

  /// When a part begins, in milliseconds since 1970.
  static long startMillis(long part) {
    return START_MILLIS + part * PART_MILLIS;
  }

  /// As RFC 3339 has it.
  static String text(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
