package io.sonidb.flac.kernel;

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
/// modulo P. One more division of that kind, by P^32, halves it, and tables finish the last 64
/// bytes. The sixteen quotients in flight live in local variables. Cost: 170 ns for 2.6 kB, half of
/// a tenth of a nanosecond a byte and 40 ns for the rest.
public final class Crc16 {

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

  /// Shorter messages are left to the tables alone.
  private static final int LEAST_FOLDED = 64;

  private static final int TABLE_ROWS = 32;

  private Crc16() {}

  /// The checksum of `length` bytes.
  ///
  /// @return 16 bits
  public static int of(byte[] in, int offset, int length) {
    if (length < LEAST_FOLDED) {
      return byTable(in, offset, length);
    }
    // Zeros in front change nothing, so the first block is filled up with them.
    int at = offset - (-length & BLOCK_BYTES - 1);
    int last = offset + length - BLOCK_BYTES;
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
    if (at < last) {
      q0 = wordOrZeros(in, at, offset);
      q1 = wordOrZeros(in, at + 8, offset) ^ q0;
      q2 = wordOrZeros(in, at + 16, offset) ^ q1;
      q3 = wordOrZeros(in, at + 24, offset) ^ q2;
      q4 = wordOrZeros(in, at + 32, offset) ^ q3;
      q5 = wordOrZeros(in, at + 40, offset) ^ q4;
      q6 = wordOrZeros(in, at + 48, offset) ^ q5;
      q7 = wordOrZeros(in, at + 56, offset) ^ q6;
      q8 = wordOrZeros(in, at + 64, offset) ^ q7;
      q9 = wordOrZeros(in, at + 72, offset) ^ q8;
      q10 = wordOrZeros(in, at + 80, offset) ^ q9;
      q11 = wordOrZeros(in, at + 88, offset) ^ q10;
      q12 = wordOrZeros(in, at + 96, offset) ^ q11;
      q13 = wordOrZeros(in, at + 104, offset) ^ q12;
      q14 = wordOrZeros(in, at + 112, offset) ^ q0 ^ q13;
      q15 = wordOrZeros(in, at + 120, offset) ^ q1 ^ q14;
      at += BLOCK_BYTES;
    }
    for (; at < last; at += BLOCK_BYTES) {
      q0 = q0 ^ word(in, at) ^ q2 ^ q15;
      q1 = q1 ^ word(in, at + 8) ^ q3 ^ q0;
      q2 = q2 ^ word(in, at + 16) ^ q4 ^ q1;
      q3 = q3 ^ word(in, at + 24) ^ q5 ^ q2;
      q4 = q4 ^ word(in, at + 32) ^ q6 ^ q3;
      q5 = q5 ^ word(in, at + 40) ^ q7 ^ q4;
      q6 = q6 ^ word(in, at + 48) ^ q8 ^ q5;
      q7 = q7 ^ word(in, at + 56) ^ q9 ^ q6;
      q8 = q8 ^ word(in, at + 64) ^ q10 ^ q7;
      q9 = q9 ^ word(in, at + 72) ^ q11 ^ q8;
      q10 = q10 ^ word(in, at + 80) ^ q12 ^ q9;
      q11 = q11 ^ word(in, at + 88) ^ q13 ^ q10;
      q12 = q12 ^ word(in, at + 96) ^ q14 ^ q11;
      q13 = q13 ^ word(in, at + 104) ^ q15 ^ q12;
      q14 = q14 ^ word(in, at + 112) ^ q0 ^ q13;
      q15 = q15 ^ word(in, at + 120) ^ q1 ^ q14;
    }
    // What the quotients still subtract from the sixteen words that follow.
    long r0 = wordOrZeros(in, at, offset) ^ q0 ^ q2 ^ q15;
    long r1 = wordOrZeros(in, at + 8, offset) ^ q1 ^ q3;
    long r2 = wordOrZeros(in, at + 16, offset) ^ q2 ^ q4;
    long r3 = wordOrZeros(in, at + 24, offset) ^ q3 ^ q5;
    long r4 = wordOrZeros(in, at + 32, offset) ^ q4 ^ q6;
    long r5 = wordOrZeros(in, at + 40, offset) ^ q5 ^ q7;
    long r6 = wordOrZeros(in, at + 48, offset) ^ q6 ^ q8;
    long r7 = wordOrZeros(in, at + 56, offset) ^ q7 ^ q9;
    long r8 = wordOrZeros(in, at + 64, offset) ^ q8 ^ q10;
    long r9 = wordOrZeros(in, at + 72, offset) ^ q9 ^ q11;
    long r10 = wordOrZeros(in, at + 80, offset) ^ q10 ^ q12;
    long r11 = wordOrZeros(in, at + 88, offset) ^ q11 ^ q13;
    long r12 = wordOrZeros(in, at + 96, offset) ^ q12 ^ q14;
    long r13 = wordOrZeros(in, at + 104, offset) ^ q13 ^ q15;
    long r14 = wordOrZeros(in, at + 112, offset) ^ q14;
    long r15 = wordOrZeros(in, at + 120, offset) ^ q15;
    return ofBlock(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15);
  }

  /// The checksum of sixteen words, by the same division with y = x^32, that is, in halves of
  /// words, of which the low one comes first. It leaves eight words, and tables finish these.
  private static int ofBlock(
      long r0,
      long r1,
      long r2,
      long r3,
      long r4,
      long r5,
      long r6,
      long r7,
      long r8,
      long r9,
      long r10,
      long r11,
      long r12,
      long r13,
      long r14,
      long r15) {
    // With quotients that need one sum only, q[i] = m[i] ^ q[i-1], each is the sum of all so far.
    long p0 = r0;
    long p1 = p0 ^ r1;
    long p2 = p1 ^ r2;
    long p3 = p2 ^ r3;
    long p4 = p3 ^ r4;
    long p5 = p4 ^ r5;
    long p6 = p5 ^ r6;
    long p7 = p6 ^ r7;
    long q0 = p0 ^ p0 << 32;
    long q1 = p1 ^ p1 << 32 ^ p0 >>> 32;
    long q2 = p2 ^ p2 << 32 ^ p1 >>> 32;
    long q3 = p3 ^ p3 << 32 ^ p2 >>> 32;
    long q4 = p4 ^ p4 << 32 ^ p3 >>> 32;
    long q5 = p5 ^ p5 << 32 ^ p4 >>> 32;
    long q6 = p6 ^ p6 << 32 ^ p5 >>> 32;
    long q7 = p7 ^ p7 << 32 ^ p6 >>> 32;
    // The last two also need q[i-14], and the very last the one before it.
    q7 ^= q0 ^ q0 << 32;
    int first = step(0, r8 ^ q0 ^ q1 ^ q7 >>> 32);
    first = step(first, r9 ^ q1 ^ q2);
    first = step(first, r10 ^ q2 ^ q3);
    first = step(first, r11 ^ q3 ^ q4);
    int second = step(0, r12 ^ q4 ^ q5);
    second = step(second, r13 ^ q5 ^ q6);
    second = step(second, r14 ^ q6 ^ q7);
    second = step(second, r15 ^ q7);
    // 32 bytes further on: two chains of four look-ups take less than one of eight.
    return second ^ TABLE[31 * 256 + (first >>> 8)] ^ TABLE[30 * 256 + (first & 0xff)];
  }

  /// The checksum that a message has after `bytes` zero bytes are appended to it: `crc` times x^(8
  /// * bytes) modulo P. With it a change near the beginning of a frame can be carried into the
  ///   footer without reading what lies between, as the checksum is linear.
  public static int appendZeros(int crc, int bytes) {
    int reduced = bytes % ORDER;
    return multiply(multiply(crc, POWERS[reduced & 0xff]), HIGH_POWERS[reduced >>> 8]);
  }

  private static int byTable(byte[] in, int offset, int length) {
    int crc = 0;
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

  /// A word of which the bytes before `start` are taken as zeros.
  private static long wordOrZeros(byte[] in, int at, int start) {
    int missing = start - at;
    if (missing <= 0) {
      return word(in, at);
    }
    return missing < Long.BYTES ? word(in, start) << (missing << 3) : 0;
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
    char[] table = new char[TABLE_ROWS * 256];
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
