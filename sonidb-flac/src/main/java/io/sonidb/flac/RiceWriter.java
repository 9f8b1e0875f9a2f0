package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Kernels;
import io.sonidb.flac.kernel.Rice;

/// Writes Rice codes: each residual folded, its high bits in unary (zeros, then a one), its low
/// `parameter` bits as they are (RFC 9639, 9.2.7.2).
///
/// Storing each code by itself is bound by the chain of shifts from one store to the next, so codes
/// are joined first, as many as fit in 56 bits: by SIMD in passes over an array, or, where there is
/// none, by tables, which know every pair of small residuals, and every single one of nine bits.
final class RiceWriter {

  /// The table knows residuals of so many bits, sign included.
  private static final int SMALL_BITS = 5;

  /// Under the best parameter a code has about two bits more than it. With no more than these,
  /// eight codes mostly fit in 56 bits, or four.
  private static final int MAX_PARAMETER_OF_EIGHTS = 2;

  private static final int MAX_PARAMETER_OF_FOURS = 10;

  private static final int SMALL_OFFSET = 1 << (SMALL_BITS - 1);
  private static final int MAX_TABLE_PARAMETER = 3;

  /// An entry: the codes of two residuals, and the number of their bits in the low byte. The index
  /// is that of the first, plus 16, times 32, plus that of the second, plus 16.
  private static final long[][] PAIRS = pairs();

  /// Another table knows every single residual of so many bits, the sign included, under larger
  /// parameters: the bytes of quantised vectors.
  private static final int SINGLE_BITS = 9;

  private static final int SINGLE_MASK = (1 << SINGLE_BITS) - 1;
  private static final int MAX_SINGLE_PARAMETER = 8;

  /// An entry: the code of a residual, and the number of its bits in the low byte. The index is the
  /// low bits of the residual.
  private static final int[][] SINGLES = singles();

  /// Where kernels put joined codes.
  private long[] joined = {};

  /// Appends the codes of `residuals[from..to)`.
  ///
  /// The caller has counted all codes and found them shorter than plain samples, so no sum of
  /// lengths overflows.
  ///
  /// @param parameter 0 to 30
  void write(BitWriter out, int[] residuals, int from, int to, int parameter) {
    int i = from;
    if (out.kernels.areSimd()) {
      i = writeJoined(out, residuals, from, to, parameter);
    }
    int width = parameter <= MAX_SINGLE_PARAMETER ? width(residuals, i, to) : Integer.SIZE;
    if (parameter <= MAX_TABLE_PARAMETER && width <= SMALL_BITS) {
      i = writeSmall(out, residuals, i, to, PAIRS[parameter], parameter);
    } else if (parameter <= MAX_SINGLE_PARAMETER && width <= SINGLE_BITS) {
      i = writeSingles(out, residuals, i, to, SINGLES[parameter], parameter);
    } else {
      i = writeByFours(out, residuals, i, to, parameter);
    }
    for (; i < to; i++) {
      writeOne(out, residuals[i], parameter);
    }
  }

  /// Leaves it to kernels to join codes, four or eight depending on how many mostly fit.
  private int writeJoined(BitWriter out, int[] residuals, int from, int to, int parameter) {
    if (parameter > MAX_PARAMETER_OF_FOURS) {
      return from;
    }
    if (joined.length < to - from) {
      joined = new long[to - from];
    }
    Kernels kernels = out.kernels;
    int codes = kernels.pairCodes(residuals, from, to, parameter, joined);
    codes = kernels.joinCodes(joined, codes);
    if (parameter > MAX_PARAMETER_OF_EIGHTS) {
      return append(out, codes, 4, residuals, from, parameter);
    }
    codes = kernels.joinCodes(joined, codes);
    return append(out, codes, 8, residuals, from, parameter);
  }

  private int append(
      BitWriter out, int codes, int perCode, int[] residuals, int from, int parameter) {
    byte[] array = out.out;
    long[] joinedCodes = joined;
    int at = out.position;
    long waiting = out.pending;
    int waitingBits = out.pendingBits;
    for (int n = 0; n < codes; n++) {
      long code = joinedCodes[n];
      int bits = (int) code & 0xff;
      if (bits > Kernels.MAX_JOINED_BITS) {
        out.resume(at, waiting, waitingBits);
        for (int i = from + n * perCode; i < from + (n + 1) * perCode; i++) {
          writeOne(out, residuals[i], parameter);
        }
        at = out.position;
        waiting = out.pending;
        waitingBits = out.pendingBits;
        continue;
      }
      int filled = waitingBits + bits;
      waiting |= (code >>> 8) << (64 - filled);
      BigEndian.writeLong(array, at, waiting);
      at += filled >>> 3;
      waiting <<= filled & 56;
      waitingBits = filled & 7;
    }
    out.resume(at, waiting, waitingBits);
    return from + codes * perCode;
  }

  private static int width(int[] residuals, int from, int to) {
    int union = 0;
    for (int i = from; i < to; i++) {
      union |= Rice.fold(residuals[i]);
    }
    return Rice.width(union);
  }

  /// Joins four codes that the table of single ones has.
  private static int writeSingles(
      BitWriter out, int[] residuals, int from, int to, int[] singles, int parameter) {
    byte[] array = out.out;
    int at = out.position;
    long waiting = out.pending;
    int waitingBits = out.pendingBits;
    int i = from;
    for (; i + 4 <= to; i += 4) {
      int a = singles[residuals[i] & SINGLE_MASK];
      int b = singles[residuals[i + 1] & SINGLE_MASK];
      int c = singles[residuals[i + 2] & SINGLE_MASK];
      int d = singles[residuals[i + 3] & SINGLE_MASK];
      int dBits = d & 0xff;
      int cdBits = (c & 0xff) + dBits;
      int bcdBits = (b & 0xff) + cdBits;
      int bits = (a & 0xff) + bcdBits;
      if (bits > BitWriter.MAX_BITS) {
        out.resume(at, waiting, waitingBits);
        for (int j = i; j < i + 4; j++) {
          writeOne(out, residuals[j], parameter);
        }
        at = out.position;
        waiting = out.pending;
        waitingBits = out.pendingBits;
        continue;
      }
      long high = (long) (a >>> 8) << bcdBits | (long) (b >>> 8) << cdBits;
      long low = (long) (c >>> 8) << dBits | d >>> 8;
      int filled = waitingBits + bits;
      waiting |= (high | low) << (64 - filled);
      BigEndian.writeLong(array, at, waiting);
      at += filled >>> 3;
      waiting <<= filled & 56;
      waitingBits = filled & 7;
    }
    out.resume(at, waiting, waitingBits);
    return i;
  }

  /// Joins eight codes, that is, four entries of the table.
  private static int writeSmall(
      BitWriter out, int[] residuals, int from, int to, long[] pairs, int parameter) {
    byte[] array = out.out;
    int at = out.position;
    long waiting = out.pending;
    int waitingBits = out.pendingBits;
    int i = from;
    for (; i + 8 <= to; i += 8) {
      long a = pair(pairs, residuals, i);
      long b = pair(pairs, residuals, i + 2);
      long c = pair(pairs, residuals, i + 4);
      long d = pair(pairs, residuals, i + 6);
      int bBits = (int) b & 0xff;
      int dBits = (int) d & 0xff;
      int cdBits = ((int) c & 0xff) + dBits;
      int bits = ((int) a & 0xff) + bBits + cdBits;
      if (bits > BitWriter.MAX_BITS) {
        out.resume(at, waiting, waitingBits);
        for (int j = i; j < i + 8; j++) {
          writeOne(out, residuals[j], parameter);
        }
        at = out.position;
        waiting = out.pending;
        waitingBits = out.pendingBits;
        continue;
      }
      long ab = (a >>> 8) << bBits | b >>> 8;
      long cd = (c >>> 8) << dBits | d >>> 8;
      int filled = waitingBits + bits;
      waiting |= (ab << cdBits | cd) << (64 - filled);
      BigEndian.writeLong(array, at, waiting);
      at += filled >>> 3;
      waiting <<= filled & 56;
      waitingBits = filled & 7;
    }
    out.resume(at, waiting, waitingBits);
    return i;
  }

  private static long pair(long[] pairs, int[] residuals, int i) {
    int index = ((residuals[i] + SMALL_OFFSET) << SMALL_BITS) + residuals[i + 1] + SMALL_OFFSET;
    return pairs[index];
  }

  private static int writeByFours(BitWriter out, int[] residuals, int from, int to, int parameter) {
    byte[] array = out.out;
    int at = out.position;
    long waiting = out.pending;
    int waitingBits = out.pendingBits;
    int stop = 1 << parameter;
    int mask = stop - 1;
    int i = from;
    for (; i + 4 <= to; i += 4) {
      int a = Rice.fold(residuals[i]);
      int b = Rice.fold(residuals[i + 1]);
      int c = Rice.fold(residuals[i + 2]);
      int d = Rice.fold(residuals[i + 3]);
      int bBits = (b >>> parameter) + 1 + parameter;
      int dBits = (d >>> parameter) + 1 + parameter;
      int cdBits = (c >>> parameter) + 1 + parameter + dBits;
      int bits = (a >>> parameter) + 1 + parameter + bBits + cdBits;
      if (bits > BitWriter.MAX_BITS) {
        out.resume(at, waiting, waitingBits);
        for (int j = i; j < i + 4; j++) {
          writeOne(out, residuals[j], parameter);
        }
        at = out.position;
        waiting = out.pending;
        waitingBits = out.pendingBits;
        continue;
      }
      long ab = (long) ((a & mask) | stop) << bBits | ((b & mask) | stop);
      long cd = (long) ((c & mask) | stop) << dBits | ((d & mask) | stop);
      int filled = waitingBits + bits;
      waiting |= (ab << cdBits | cd) << (64 - filled);
      BigEndian.writeLong(array, at, waiting);
      at += filled >>> 3;
      waiting <<= filled & 56;
      waitingBits = filled & 7;
    }
    out.resume(at, waiting, waitingBits);
    return i;
  }

  private static void writeOne(BitWriter out, int residual, int parameter) {
    int folded = Rice.fold(residual);
    out.putZeros(folded >>> parameter);
    int stop = 1 << parameter;
    out.put((folded & (stop - 1)) | stop, parameter + 1);
  }

  private static long[][] pairs() {
    long[][] tables = new long[MAX_TABLE_PARAMETER + 1][1 << (2 * SMALL_BITS)];
    for (int parameter = 0; parameter <= MAX_TABLE_PARAMETER; parameter++) {
      for (int index = 0; index < tables[parameter].length; index++) {
        int first = Rice.fold((index >>> SMALL_BITS) - SMALL_OFFSET);
        int second = Rice.fold((index & (1 << SMALL_BITS) - 1) - SMALL_OFFSET);
        int stop = 1 << parameter;
        int mask = stop - 1;
        int secondBits = (second >>> parameter) + 1 + parameter;
        int bits = (first >>> parameter) + 1 + parameter + secondBits;
        // At most 36 bits: leading zeros of the first code need no room.
        long code = (long) ((first & mask) | stop) << secondBits | ((second & mask) | stop);
        tables[parameter][index] = code << 8 | bits;
      }
    }
    return tables;
  }

  private static int[][] singles() {
    int[][] tables = new int[MAX_SINGLE_PARAMETER + 1][1 << SINGLE_BITS];
    for (int parameter = 0; parameter <= MAX_SINGLE_PARAMETER; parameter++) {
      for (int index = 0; index <= SINGLE_MASK; index++) {
        int folded =
            Rice.fold(index << (Integer.SIZE - SINGLE_BITS) >> (Integer.SIZE - SINGLE_BITS));
        int stop = 1 << parameter;
        // A length of more bits than fit in the byte is as good as the largest that does.
        int bits = Math.min((folded >>> parameter) + 1 + parameter, 0xff);
        tables[parameter][index] = ((folded & (stop - 1)) | stop) << 8 | bits;
      }
    }
    return tables;
  }
}
