package io.sonidb.sound;

/// Unsigned numbers of variable length: seven bits a byte, the low ones first, the top bit set on
/// every byte but the last (LEB128 as in DWARF and WebAssembly), here up to 63 bits.
///
/// One number has one spelling: a last byte of 0 after others is refused.
final class Leb128 {
  /// The longest spelling, in bytes: 63 bits.
  static final int MAX_BYTES = 9;

  private Leb128() {}

  /// How many bytes [#write] needs for a number from 0 to 2^63-1.
  static int size(long value) {
    return Math.max(1, (70 - Long.numberOfLeadingZeros(value)) / 7);
  }

  /// Writes a number from 0 to 2^63-1 and returns the offset behind it.
  static int write(long value, byte[] out, int offset) {
    int at = offset;
    long rest = value;
    for (; rest > 0x7F; rest >>>= 7) {
      out[at++] = (byte) (rest | 0x80);
    }
    out[at++] = (byte) rest;
    return at;
  }

  /// How many bytes the number at `offset` has, or -1 when it is cut off by `limit`, longer than
  /// nine bytes, or spelled longer than it need be.
  static int sizeAt(byte[] in, int offset, int limit) {
    int end = Math.min(limit, offset + MAX_BYTES);
    for (int at = offset; at < end; at++) {
      if (in[at] >= 0) {
        return in[at] == 0 && at > offset ? -1 : at + 1 - offset;
      }
    }
    return -1;
  }

  /// The number of `size` bytes at `offset`.
  static long read(byte[] in, int offset, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 7 | (in[offset + i] & 0x7F);
    }
    return value;
  }
}
