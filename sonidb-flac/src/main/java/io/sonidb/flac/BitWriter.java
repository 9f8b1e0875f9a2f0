package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Kernels;

/// Bits into a byte array, most significant first.
///
/// Up to seven bits that do not fill a byte yet wait at the top of `pending`. Every write stores
/// all eight bytes of it and then moves on by as many as are full, so that no branch asks whether
/// it is time to flush; the bytes that were stored too early are stored again later. The array must
/// therefore have eight bytes of room behind the last full byte.
final class BitWriter {

  /// The most bits that fit behind the seven that may be waiting, with a byte to spare.
  static final int MAX_BITS = 56;

  /// May change from frame to frame.
  Kernels kernels;

  byte[] out = {};
  int position;

  /// The end of what may be overwritten, an index into `out`.
  private int limit;

  long pending;

  /// 0 to 7.
  int pendingBits;

  BitWriter(Kernels kernels) {
    this.kernels = kernels;
  }

  void start(byte[] array, int offset, int end) {
    out = array;
    position = offset;
    limit = end;
    pending = 0;
    pendingBits = 0;
  }

  /// Goes on behind bits that somebody else has stored.
  void resume(int at, long waiting, int waitingBits) {
    position = at;
    pending = waiting;
    pendingBits = waitingBits;
  }

  /// Appends the low `bits` bits of `value`, 0 to 56; the others must be zero.
  void put(long value, int bits) {
    int filled = pendingBits + bits;
    // At most 63 bits are filled; a shift by 64 happens only when there is nothing to shift.
    pending |= value << (64 - filled);
    BigEndian.writeLong(out, position, pending);
    position += filled >>> 3;
    pending <<= filled & 56;
    pendingBits = filled & 7;
  }

  /// Appends a number in two's complement, in 1 to 33 bits.
  void putSigned(long value, int bits) {
    put(value & (1L << bits) - 1, bits);
  }

  void putZeros(int bits) {
    int rest = bits;
    for (; rest > MAX_BITS; rest -= MAX_BITS) {
      put(0, MAX_BITS);
    }
    put(0, rest);
  }

  /// Fills the last byte with zeros.
  void align() {
    put(0, -pendingBits & 7);
  }

  /// Appends samples as they are, `depth` bits each, 1 to 32.
  void putSamples(int[] samples, int from, int to, int depth) {
    int i = from;
    if (depth == 24 && pendingBits == 0) {
      i = kernels.pack24(samples, from, to, out, position, limit);
      position += 3 * (i - from);
    } else if (depth <= 14) {
      i = putQuads(samples, from, to, depth);
    } else if (depth <= 28) {
      i = putPairs(samples, from, to, depth);
    }
    for (; i < to; i++) {
      putSigned(samples[i], depth);
    }
  }

  private int putPairs(int[] samples, int from, int to, int depth) {
    byte[] array = out;
    int at = position;
    long waiting = pending;
    int waitingBits = pendingBits;
    long mask = (1L << depth) - 1;
    int i = from;
    for (; i + 2 <= to; i += 2) {
      long pair = (samples[i] & mask) << depth | (samples[i + 1] & mask);
      int filled = waitingBits + 2 * depth;
      waiting |= pair << (64 - filled);
      BigEndian.writeLong(array, at, waiting);
      at += filled >>> 3;
      waiting <<= filled & 56;
      waitingBits = filled & 7;
    }
    resume(at, waiting, waitingBits);
    return i;
  }

  private int putQuads(int[] samples, int from, int to, int depth) {
    byte[] array = out;
    int at = position;
    long waiting = pending;
    int waitingBits = pendingBits;
    long mask = (1L << depth) - 1;
    int i = from;
    for (; i + 4 <= to; i += 4) {
      long first = (samples[i] & mask) << depth | (samples[i + 1] & mask);
      long second = (samples[i + 2] & mask) << depth | (samples[i + 3] & mask);
      int filled = waitingBits + 4 * depth;
      waiting |= (first << (2 * depth) | second) << (64 - filled);
      BigEndian.writeLong(array, at, waiting);
      at += filled >>> 3;
      waiting <<= filled & 56;
      waitingBits = filled & 7;
    }
    resume(at, waiting, waitingBits);
    return i;
  }
}
