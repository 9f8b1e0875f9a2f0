package io.sonidb;

import java.security.SecureRandom;
import java.util.UUID;

/// UUIDs of version 7 (RFC 9562, 5.7): milliseconds since 1970, then 74 random bits. Ids made one
/// after the other lie near one another in the index.
final class TimeOrderedUuid {
  private static final SecureRandom RANDOM = new SecureRandom();

  private TimeOrderedUuid() {}

  static UUID next() {
    long high = System.currentTimeMillis() << 16 | 0x7000 | RANDOM.nextInt(1 << 12);
    long low = RANDOM.nextLong() >>> 2 | 1L << 63;
    return new UUID(high, low);
  }
}
