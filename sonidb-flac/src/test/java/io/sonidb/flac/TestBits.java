package io.sonidb.flac;

import java.io.ByteArrayOutputStream;

/// A bit writer for tests, as simple as can be, so that it shares no mistake with the one under
/// test.
final class TestBits {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private int current;
  private int count;

  TestBits put(long value, int bits) {
    for (int bit = bits - 1; bit >= 0; bit--) {
      current = current << 1 | (int) (value >>> bit & 1);
      if (++count == 8) {
        bytes.write(current);
        current = 0;
        count = 0;
      }
    }
    return this;
  }

  TestBits unary(long zeros) {
    for (long i = 0; i < zeros; i++) {
      put(0, 1);
    }
    return put(1, 1);
  }

  TestBits rice(long residual, int parameter) {
    long folded = residual >= 0 ? 2 * residual : -2 * residual - 1;
    return unary(folded >>> parameter).put(folded, parameter);
  }

  /// The coded number in as few bytes as it takes.
  TestBits number(long number) {
    if (number < 0x80) {
      return put(number, 8);
    }
    int following = 1;
    while (number >= 1L << (6 * following + 6 - following)) {
      following++;
    }
    put((1L << (following + 1)) - 1, following + 1).put(0, 1);
    put(number >>> (6 * following), 6 - following);
    for (int i = following - 1; i >= 0; i--) {
      put(2, 2).put(number >>> (6 * i), 6);
    }
    return this;
  }

  TestBits align() {
    while (count != 0) {
      put(0, 1);
    }
    return this;
  }

  TestBits append(byte[] more) {
    for (byte b : more) {
      put(b, 8);
    }
    return this;
  }

  /// Appends the CRC-8 of all bytes so far.
  TestBits crc8() {
    return put(crc(toByteArray(), 8, 0x07), 8);
  }

  /// Fills the last byte and appends the CRC-16 of all bytes so far.
  TestBits crc16() {
    align();
    return put(crc(toByteArray(), 16, 0x8005), 16);
  }

  byte[] toByteArray() {
    if (count != 0) {
      throw new IllegalStateException(count + " bits are over");
    }
    return bytes.toByteArray();
  }

  /// A CRC by the definition: bit by bit, start 0, most significant bit first.
  static int crc(byte[] bytes, int width, int polynomial) {
    int crc = 0;
    for (byte b : bytes) {
      for (int bit = 7; bit >= 0; bit--) {
        boolean carry = (crc >>> (width - 1) & 1) != (b >>> bit & 1);
        crc = (crc << 1 ^ (carry ? polynomial : 0)) & ((1 << width) - 1);
      }
    }
    return crc;
  }
}
