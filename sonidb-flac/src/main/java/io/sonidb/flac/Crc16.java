package io.sonidb.flac;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The checksum of a whole frame: polynomial P = x^16 + x^15 + x^2 + 1, start 0 (RFC 9639, 9.3).
///
/// A table that takes a byte, or eight, per step is bound by the latency of its look-ups: 2 us for
/// a frame of 2.6 kB, longer than everything else that coding such a frame takes. This class
/// divides by a multiple of P that is cheap to divide by. Over GF(2) squaring a polynomial squares
/// its terms, so
///
/// ```
/// P^64 = y^16 + y^15 + y^2 + 1    with y = x^64
/// ```
///
/// has the same four terms, but spaced in whole 64-bit words. Long division of the message m[0..n)
/// by it is one line a word, without tables and without swapping bytes:
///
/// ```
/// q[i] = m[i] ^ q[i-1] ^ q[i-14] ^ q[i-16]
/// ```
///
/// As P divides P^64, what is left after division by P^64 (16 words) is congruent to the message
/// modulo P; tables finish the last 128 to 255 bytes. The sixteen quotients in flight live in local
/// variables. Cost: about a tenth of a nanosecond a byte.
final class Crc16 {

  private static final VarHandle LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// The polynomial without its leading term.
  private static final int POLYNOMIAL = 0x8005;

  /// Entry `256 * zeros + value` is the checksum of the byte `value` with `zeros` zero bytes after
  /// it.
  private static final char[] TABLE = table();

  /// x^(8 * n) modulo P for n = 0 to 255, and for n = 256 * 0 to 256 * 127.
  private static final char[] POWERS = powers(8, 256);

  private static final char[] HIGH_POWERS = powers(8 * 256, 128);

  /// The multiplicative order of x modulo P: P = (x + 1)(x^15 + x + 1), and the second factor is
  /// primitive. As it is odd, x^8 has the same order.
  private static final int ORDER = 32767;

  private static final int BLOCK_BYTES = 128;

  private Crc16() {}

  static int of(byte[] in, int offset, int length) {
    if (length < 2 * BLOCK_BYTES) {
      return byTable(in, offset, length, 0);
    }
    // The last block, and what is over, stay for the tables.
    int end = offset + length - BLOCK_BYTES;
    int at = offset;
    long q0 = 0;
    long q1 = 0;
    long q2 = 0;
    long q3 = 0;
    long q4 = 0;
    long q5 = 0;
    long q6 = 0;
    long q7 = 0;
    long q8 = 0;
    long q9 = 0;
    long q10 = 0;
    long q11 = 0;
    long q12 = 0;
    long q13 = 0;
    long q14 = 0;
    long q15 = 0;
    for (; at + BLOCK_BYTES <= end; at += BLOCK_BYTES) {
      q0 ^= word(in, at) ^ q2 ^ q15;
      q1 ^= word(in, at + 8) ^ q3 ^ q0;
      q2 ^= word(in, at + 16) ^ q4 ^ q1;
      q3 ^= word(in, at + 24) ^ q5 ^ q2;
      q4 ^= word(in, at + 32) ^ q6 ^ q3;
      q5 ^= word(in, at + 40) ^ q7 ^ q4;
      q6 ^= word(in, at + 48) ^ q8 ^ q5;
      q7 ^= word(in, at + 56) ^ q9 ^ q6;
      q8 ^= word(in, at + 64) ^ q10 ^ q7;
      q9 ^= word(in, at + 72) ^ q11 ^ q8;
      q10 ^= word(in, at + 80) ^ q12 ^ q9;
      q11 ^= word(in, at + 88) ^ q13 ^ q10;
      q12 ^= word(in, at + 96) ^ q14 ^ q11;
      q13 ^= word(in, at + 104) ^ q15 ^ q12;
      q14 ^= word(in, at + 112) ^ q0 ^ q13;
      q15 ^= word(in, at + 120) ^ q1 ^ q14;
    }
    // What the quotients still subtract from the sixteen words that follow.
    int crc = step(0, word(in, at) ^ q0 ^ q2 ^ q15);
    crc = step(crc, word(in, at + 8) ^ q1 ^ q3);
    crc = step(crc, word(in, at + 16) ^ q2 ^ q4);
    crc = step(crc, word(in, at + 24) ^ q3 ^ q5);
    crc = step(crc, word(in, at + 32) ^ q4 ^ q6);
    crc = step(crc, word(in, at + 40) ^ q5 ^ q7);
    crc = step(crc, word(in, at + 48) ^ q6 ^ q8);
    crc = step(crc, word(in, at + 56) ^ q7 ^ q9);
    crc = step(crc, word(in, at + 64) ^ q8 ^ q10);
    crc = step(crc, word(in, at + 72) ^ q9 ^ q11);
    crc = step(crc, word(in, at + 80) ^ q10 ^ q12);
    crc = step(crc, word(in, at + 88) ^ q11 ^ q13);
    crc = step(crc, word(in, at + 96) ^ q12 ^ q14);
    crc = step(crc, word(in, at + 104) ^ q13 ^ q15);
    crc = step(crc, word(in, at + 112) ^ q14);
    crc = step(crc, word(in, at + 120) ^ q15);
    at += BLOCK_BYTES;
    return byTable(in, at, offset + length - at, crc);
  }

  /// The checksum that a message has after `bytes` zero bytes are appended to it: `crc` times x^(8
  /// * bytes) modulo P. With it a change near the beginning of a frame can be carried into the
  ///   footer without reading what lies between, as the checksum is linear.
  static int appendZeros(int crc, int bytes) {
    int reduced = bytes % ORDER;
    return multiply(multiply(crc, POWERS[reduced & 0xff]), HIGH_POWERS[reduced >>> 8]);
  }

  private static int byTable(byte[] in, int offset, int length, int start) {
    int crc = start;
    int at = offset;
    int end = offset + length;
    for (; at + 8 <= end; at += 8) {
      crc = step(crc, word(in, at));
    }
    for (; at < end; at++) {
      crc = (crc << 8 & 0xff00) ^ TABLE[crc >>> 8 ^ (in[at] & 0xff)];
    }
    return crc;
  }

  /// Takes eight bytes, the first of them in the low bits of `word`.
  private static int step(int crc, long word) {
    int low = (int) word ^ crc >>> 8 ^ (crc << 8 & 0xff00);
    int high = (int) (word >>> 32);
    return TABLE[7 * 256 + (low & 0xff)]
        ^ TABLE[6 * 256 + (low >>> 8 & 0xff)]
        ^ TABLE[5 * 256 + (low >>> 16 & 0xff)]
        ^ TABLE[4 * 256 + (low >>> 24)]
        ^ TABLE[3 * 256 + (high & 0xff)]
        ^ TABLE[2 * 256 + (high >>> 8 & 0xff)]
        ^ TABLE[256 + (high >>> 16 & 0xff)]
        ^ TABLE[high >>> 24];
  }

  private static long word(byte[] in, int offset) {
    return (long) LITTLE_ENDIAN.get(in, offset);
  }

  /// The product of two polynomials modulo P.
  private static int multiply(int a, int b) {
    int product = 0;
    for (int bit = 15; bit >= 0; bit--) {
      product = timesX(product) ^ (a & -(b >>> bit & 1));
    }
    return product;
  }

  private static int timesX(int a) {
    return (a << 1 & 0xffff) ^ (POLYNOMIAL & -(a >>> 15));
  }

  private static char[] table() {
    char[] table = new char[8 * 256];
    for (int value = 0; value < 256; value++) {
      int crc = value << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = timesX(crc);
      }
      table[value] = (char) crc;
    }
    for (int i = 256; i < table.length; i++) {
      int previous = table[i - 256];
      table[i] = (char) ((previous << 8 & 0xff00) ^ table[previous >>> 8]);
    }
    return table;
  }

  /// x^(step * n) modulo P for n = 0 to count - 1.
  private static char[] powers(int step, int count) {
    int factor = 1;
    for (int i = 0; i < step; i++) {
      factor = timesX(factor);
    }
    char[] powers = new char[count];
    int power = 1;
    for (int n = 0; n < count; n++) {
      powers[n] = (char) power;
      power = multiply(power, factor);
    }
    return powers;
  }
}
