package io.sonidb.flac.kernel;

/// Plain loops over whole words.
final class ScalarKernels implements Kernels {
  /// More than fit; twice as many still fit in a byte.
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
  public void widen(byte[] values, int count, int[] into, int offset) {
    for (int i = 0; i < count; i++) {
      into[offset + i] = values[i];
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

  @Override
  public int lanes() {
    return 0;
  }

  @Override
  public int readInLanes(
      byte[] in, long[] positions, int[] ends, long[] words, int parameter, int count, int[] into) {
    return 0;
  }
}
