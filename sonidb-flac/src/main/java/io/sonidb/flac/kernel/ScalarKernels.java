package io.sonidb.flac.kernel;

import java.util.Arrays;

/// Plain loops over whole words.
final class ScalarKernels implements Kernels {
  /// More than fit; twice as many still fit in a byte.
  private static final int SURE_BITS = 57;

  private static final int MANY_BITS = 0x7f;

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public boolean areSimd() {
    return false;
  }

  /// Eight samples fill three words exactly.
  @Override
  public int pack24(int[] samples, int from, int to, byte[] out, int at, int limit) {
    int end = at;
    int i = from;
    for (; i + 8 <= to && end + 24 <= limit; i += 8) {
      long a = samples[i] & 0xffffffL;
      long b = samples[i + 1] & 0xffffffL;
      long c = samples[i + 2] & 0xffffffL;
      long d = samples[i + 3] & 0xffffffL;
      long e = samples[i + 4] & 0xffffffL;
      long f = samples[i + 5] & 0xffffffL;
      long g = samples[i + 6] & 0xffffffL;
      long h = samples[i + 7] & 0xffffffL;
      BigEndian.writeLong(out, end, a << 40 | b << 16 | c >>> 8);
      BigEndian.writeLong(out, end + 8, c << 56 | d << 32 | e << 8 | f >>> 16);
      BigEndian.writeLong(out, end + 16, f << 48 | g << 24 | h);
      end += 24;
    }
    return i;
  }

  @Override
  public int unpack24(byte[] in, int at, int limit, int[] into, int from, int to) {
    int begin = at;
    int i = from;
    for (; i + 8 <= to && begin + 24 <= limit; i += 8) {
      long a = BigEndian.readLong(in, begin);
      long b = BigEndian.readLong(in, begin + 8);
      long c = BigEndian.readLong(in, begin + 16);
      into[i] = (int) (a >> 40);
      into[i + 1] = (int) (a >>> 8) >> 8;
      into[i + 2] = (int) (a << 16 | b >>> 48) >> 8;
      into[i + 3] = (int) (b >>> 24) >> 8;
      into[i + 4] = (int) b >> 8;
      into[i + 5] = (int) (b << 16 | c >>> 48) << 8 >> 8;
      into[i + 6] = (int) (c >>> 16) >> 8;
      into[i + 7] = (int) c << 8 >> 8;
      begin += 24;
    }
    return i;
  }

  @Override
  public void unfold(byte[] folded, int from, int count, int[] into, int offset) {
    for (int i = 0; i < count; i++) {
      into[offset + i] = Rice.unfold(folded[from + i] & 0xff);
    }
  }

  @Override
  public int pairCodes(int[] residuals, int from, int to, int parameter, long[] codes) {
    int count = to - from & ~1;
    codes(residuals, from, count, parameter, codes);
    return joinCodes(codes, count);
  }

  /// The code of each residual alone.
  private static void codes(int[] residuals, int from, int count, int parameter, long[] codes) {
    int stop = 1 << parameter;
    int mask = stop - 1;
    for (int i = 0; i < count; i++) {
      int folded = Rice.fold(residuals[from + i]);
      int bits = Math.min((folded >>> parameter) + 1 + parameter, MANY_BITS);
      int code = ((folded & mask) | stop) << 8 | bits;
      codes[i] = code;
    }
  }

  @Override
  public int joinCodes(long[] codes, int count) {
    int joined = count / 2;
    for (int i = 0; i < joined; i++) {
      long first = codes[2 * i];
      long second = codes[2 * i + 1];
      // A shift takes no more than the low six bits of its distance.
      long code = ((first & ~0xffL) << second) + (second & ~0xffL);
      codes[i] = code + Math.min((first & 0xff) + (second & 0xff), MANY_BITS);
    }
    return joined;
  }

  /// None; what reads in lanes does it one by one.
  @Override
  public int lanes() {
    return 0;
  }

  @Override
  public int readInLanes(
      byte[] in,
      long[] positions,
      int[] ends,
      long[] words,
      long[] parameters,
      int count,
      int[] into) {
    return 0;
  }

  @Override
  public int readSmallInLanes(
      byte[] in, long[] positions, long[] words, long[] parameters, int count, long[] into) {
    int lanes = words.length;
    for (int done = 0; done < count; done += Long.BYTES) {
      int codes = Math.min(Long.BYTES, count - done);
      int row = done / Long.BYTES * lanes;
      for (int lane = 0; lane < lanes; lane++) {
        words[lane] =
            readEight(in, positions[lane], (int) parameters[lane], codes, into, row + lane);
        if (words[lane] < 0) {
          return done;
        }
      }
      System.arraycopy(words, 0, positions, 0, lanes);
    }
    return count;
  }

  /// @return the position behind the codes; -1 if they do not lie in a word
  private static long readEight(
      byte[] in, long position, int parameter, int codes, long[] into, int at) {
    if (position >>> 3 > in.length - Long.BYTES) {
      return -1;
    }
    long word = BigEndian.readLong(in, (int) (position >>> 3)) << (position & 7);
    int used = 0;
    long eight = 0;
    for (int i = 0; i < codes; i++) {
      int high = Long.numberOfLeadingZeros(word);
      int length = high + 1 + parameter;
      word = Long.rotateLeft(word, length);
      eight = eight << Byte.SIZE | (high << parameter) + (word & (1L << parameter) - 1);
      used += length;
    }
    into[at] = eight << Byte.SIZE * (Long.BYTES - codes);
    return used > SURE_BITS ? -1 : position + used;
  }

  @Override
  public void correlate(double[] numbers, int count, int firstLag, double[] into) {
    for (int lag = 0; lag < LAGS; lag += 4) {
      correlateFour(numbers, count, firstLag + lag, into, lag);
    }
  }

  private static void correlateFour(
      double[] numbers, int count, int lag, double[] into, int offset) {
    double even0 = 0;
    double even1 = 0;
    double even2 = 0;
    double even3 = 0;
    double odd0 = 0;
    double odd1 = 0;
    double odd2 = 0;
    double odd3 = 0;
    for (int i = 0; i < count; i += 2) {
      double even = numbers[i];
      double odd = numbers[i + 1];
      double later1 = numbers[i + lag + 1];
      double later2 = numbers[i + lag + 2];
      double later3 = numbers[i + lag + 3];
      even0 += even * numbers[i + lag];
      even1 += even * later1;
      even2 += even * later2;
      even3 += even * later3;
      odd0 += odd * later1;
      odd1 += odd * later2;
      odd2 += odd * later3;
      odd3 += odd * numbers[i + lag + 4];
    }
    into[offset] = even0 + odd0;
    into[offset + 1] = even1 + odd1;
    into[offset + 2] = even2 + odd2;
    into[offset + 3] = even3 + odd3;
  }

  /// Four coefficients in each pass: a loop with more is too long for the compiler to vectorise.
  @Override
  public void subtractPrediction(
      int[] samples, int offset, int count, int[] coefficients, int order, int shift, int[] into) {
    Arrays.fill(into, 0, count, 0);
    int tap = 0;
    for (; tap + 4 <= order; tap += 4) {
      addFour(samples, offset - 1 - tap, coefficients, tap, into, count);
    }
    for (; tap < order; tap++) {
      addOne(samples, offset - 1 - tap, coefficients[tap], into, count);
    }
    for (int i = 0; i < count; i++) {
      into[i] = samples[offset + i] - (into[i] >> shift);
    }
  }

  private static void addFour(
      int[] samples, int newest, int[] coefficients, int tap, int[] sums, int count) {
    int a = coefficients[tap];
    int b = coefficients[tap + 1];
    int c = coefficients[tap + 2];
    int d = coefficients[tap + 3];
    for (int i = 0; i < count; i++) {
      sums[i] +=
          a * samples[newest + i]
              + b * samples[newest - 1 + i]
              + c * samples[newest - 2 + i]
              + d * samples[newest - 3 + i];
    }
  }

  private static void addOne(int[] samples, int newest, int coefficient, int[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += coefficient * samples[newest + i];
    }
  }
}
