package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Kernels;

/// Bits out of a byte array, most significant first; never past `limit`.
final class BitReader {

  /// A word read at any bit has at least so many bits of the array in it.
  private static final int SURE_BITS = 57;

  /// May change from frame to frame.
  Kernels kernels;

  byte[] in = {};

  /// The end of what may be read, an index into `in`.
  int limit;

  /// The next bit, counted from the beginning of the array.
  long position;

  BitReader(Kernels kernels) {
    this.kernels = kernels;
  }

  void start(byte[] array, int offset, int end) {
    in = array;
    limit = end;
    position = (long) offset << 3;
  }

  /// Reads an unsigned number of 0 to 32 bits.
  int bits(int count) throws MalformedFlacException {
    require(count);
    long word = word(position);
    position += count;
    // In two steps, because a shift by 64 is none.
    return (int) (word >>> 1 >>> (63 - count));
  }

  /// Reads a number in two's complement, of 1 to 33 bits.
  long signed(int count) throws MalformedFlacException {
    require(count);
    long word = word(position);
    position += count;
    return word >> (64 - count);
  }

  /// Counts the zeros ahead of the next one, and takes them and the one.
  ///
  /// @param most more zeros than this are refused; the search itself ends with the array
  int unary(int most, String what) throws MalformedFlacException {
    long start = position;
    long end = (long) limit << 3;
    long at = start;
    while (true) {
      long word = word(at);
      if (word != 0) {
        at += Long.numberOfLeadingZeros(word);
        break;
      }
      at += SURE_BITS;
      if (at >= end) {
        break;
      }
    }
    if (at >= end) {
      throw truncated();
    }
    if (at - start > most) {
      throw new MalformedFlacException(what + " has " + (at - start) + " zeros", start >>> 3);
    }
    position = at + 1;
    return (int) (at - start);
  }

  /// Reads samples as they are, `depth` bits each, 1 to 32.
  void samples(int[] into, int from, int to, int depth) throws MalformedFlacException {
    require((long) (to - from) * depth);
    int i = from;
    if (depth == 24 && (position & 7) == 0) {
      i = kernels.unpack24(in, (int) (position >>> 3), limit, into, from, to);
      position += 24L * (i - from);
    } else if (depth <= 28) {
      i = pairs(into, from, to, depth);
    }
    for (; i < to; i++) {
      into[i] = (int) (word(position) >> (64 - depth));
      position += depth;
    }
  }

  private int pairs(int[] into, int from, int to, int depth) {
    byte[] array = in;
    long at = position;
    int i = from;
    int signShift = 64 - depth;
    // The loop stops while eight bytes are left, so that it needs no care at the end.
    long last = ((long) limit << 3) - 64;
    for (; i + 2 <= to && at <= last; i += 2) {
      long word = BigEndian.readLong(array, (int) (at >>> 3)) << (at & 7);
      into[i] = (int) (word >> signShift);
      into[i + 1] = (int) (word << depth >> signShift);
      at += 2L * depth;
    }
    position = at;
    return i;
  }

  /// The 64 bits from a position on, of which at least 57 are there; bits behind the limit are
  /// zero.
  long word(long at) {
    int index = (int) (at >>> 3);
    if (index <= limit - Long.BYTES) {
      return BigEndian.readLong(in, index) << (at & 7);
    }
    if (index >= limit) {
      return 0;
    }
    int missing = index - (limit - Long.BYTES);
    if (limit >= Long.BYTES) {
      return BigEndian.readLong(in, limit - Long.BYTES) << (8 * missing) << (at & 7);
    }
    long word = 0;
    for (int i = index; i < limit; i++) {
      word |= (in[i] & 0xffL) << (56 - ((i - index) << 3));
    }
    return word << (at & 7);
  }

  /// Goes on at a bit that is not behind the limit.
  void moveTo(long at) throws MalformedFlacException {
    if (at > (long) limit << 3) {
      throw truncated();
    }
    position = at;
  }

  /// Refuses to read on when fewer than `count` bits are left.
  void require(long count) throws MalformedFlacException {
    if (((long) limit << 3) - position < count) {
      throw truncated();
    }
  }

  MalformedFlacException malformed(String reason) {
    return new MalformedFlacException(reason, position >>> 3);
  }

  MalformedFlacException truncated() {
    return new MalformedFlacException("the frame is cut off", limit, true);
  }
}
