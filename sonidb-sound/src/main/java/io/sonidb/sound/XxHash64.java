package io.sonidb.sound;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// XXH64, the 64-bit hash of Yann Collet's xxHash, over bytes and straight over the bits of
/// vectors.
///
/// It finds damage; it does not authenticate: whoever can write a record can write its hash.
/// Components count as little-endian bytes, because that is what the hash reads its words as: a
/// `.npy` file of the vector gives the same value in any implementation.
final class XxHash64 {
  private static final long P1 = 0x9E3779B185EBCA87L;
  private static final long P2 = 0xC2B2AE3D27D4EB4FL;
  private static final long P3 = 0x165667B19E3779F9L;
  private static final long P4 = 0x85EBCA77C2B2AE63L;
  private static final long P5 = 0x27D4EB2F165667C5L;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private XxHash64() {}

  /// The hash of `length` bytes from `offset`.
  static long of(byte[] in, int offset, int length, long seed) {
    int at = offset;
    int end = offset + length;
    long hash;
    if (length >= 32) {
      long a = seed + P1 + P2;
      long b = seed + P2;
      long c = seed;
      long d = seed - P1;
      for (; at <= end - 32; at += 32) {
        a = round(a, (long) LONG.get(in, at));
        b = round(b, (long) LONG.get(in, at + 8));
        c = round(c, (long) LONG.get(in, at + 16));
        d = round(d, (long) LONG.get(in, at + 24));
      }
      hash = merge(a, b, c, d);
    } else {
      hash = seed + P5;
    }
    hash += length;
    for (; at <= end - 8; at += 8) {
      hash = eight(hash, (long) LONG.get(in, at));
    }
    if (at <= end - 4) {
      hash = four(hash, (int) INT.get(in, at));
      at += 4;
    }
    for (; at < end; at++) {
      hash ^= (in[at] & 0xFF) * P5;
      hash = Long.rotateLeft(hash, 11) * P1;
    }
    return avalanche(hash);
  }

  /// The hash of the first `count` words, each as four little-endian bytes.
  static long of(int[] words, int count, long seed) {
    int at = 0;
    long hash;
    if (count >= 8) {
      long a = seed + P1 + P2;
      long b = seed + P2;
      long c = seed;
      long d = seed - P1;
      for (; at <= count - 8; at += 8) {
        a = round(a, pair(words[at], words[at + 1]));
        b = round(b, pair(words[at + 2], words[at + 3]));
        c = round(c, pair(words[at + 4], words[at + 5]));
        d = round(d, pair(words[at + 6], words[at + 7]));
      }
      hash = merge(a, b, c, d);
    } else {
      hash = seed + P5;
    }
    hash += 4L * count;
    for (; at <= count - 2; at += 2) {
      hash = eight(hash, pair(words[at], words[at + 1]));
    }
    if (at < count) {
      hash = four(hash, words[at]);
    }
    return avalanche(hash);
  }

  /// The hash of a float32 vector's bits, each component as four little-endian bytes.
  static long of(float[] vector, long seed) {
    int count = vector.length;
    int at = 0;
    long hash;
    if (count >= 8) {
      long a = seed + P1 + P2;
      long b = seed + P2;
      long c = seed;
      long d = seed - P1;
      for (; at <= count - 8; at += 8) {
        a = round(a, pair(bits(vector[at]), bits(vector[at + 1])));
        b = round(b, pair(bits(vector[at + 2]), bits(vector[at + 3])));
        c = round(c, pair(bits(vector[at + 4]), bits(vector[at + 5])));
        d = round(d, pair(bits(vector[at + 6]), bits(vector[at + 7])));
      }
      hash = merge(a, b, c, d);
    } else {
      hash = seed + P5;
    }
    hash += 4L * count;
    for (; at <= count - 2; at += 2) {
      hash = eight(hash, pair(bits(vector[at]), bits(vector[at + 1])));
    }
    if (at < count) {
      hash = four(hash, bits(vector[at]));
    }
    return avalanche(hash);
  }

  /// The hash of the first `count` words, each as eight little-endian bytes.
  static long of(long[] words, int count, long seed) {
    int at = 0;
    long hash;
    if (count >= 4) {
      long a = seed + P1 + P2;
      long b = seed + P2;
      long c = seed;
      long d = seed - P1;
      for (; at <= count - 4; at += 4) {
        a = round(a, words[at]);
        b = round(b, words[at + 1]);
        c = round(c, words[at + 2]);
        d = round(d, words[at + 3]);
      }
      hash = merge(a, b, c, d);
    } else {
      hash = seed + P5;
    }
    hash += 8L * count;
    for (; at < count; at++) {
      hash = eight(hash, words[at]);
    }
    return avalanche(hash);
  }

  /// The hash of a float64 vector's bits, each component as eight little-endian bytes.
  static long of(double[] vector, long seed) {
    int count = vector.length;
    int at = 0;
    long hash;
    if (count >= 4) {
      long a = seed + P1 + P2;
      long b = seed + P2;
      long c = seed;
      long d = seed - P1;
      for (; at <= count - 4; at += 4) {
        a = round(a, Double.doubleToRawLongBits(vector[at]));
        b = round(b, Double.doubleToRawLongBits(vector[at + 1]));
        c = round(c, Double.doubleToRawLongBits(vector[at + 2]));
        d = round(d, Double.doubleToRawLongBits(vector[at + 3]));
      }
      hash = merge(a, b, c, d);
    } else {
      hash = seed + P5;
    }
    hash += 8L * count;
    for (; at < count; at++) {
      hash = eight(hash, Double.doubleToRawLongBits(vector[at]));
    }
    return avalanche(hash);
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  private static long pair(int low, int high) {
    return (low & 0xFFFFFFFFL) | ((long) high << 32);
  }

  private static long round(long lane, long word) {
    return Long.rotateLeft(lane + word * P2, 31) * P1;
  }

  private static long merge(long a, long b, long c, long d) {
    long hash =
        Long.rotateLeft(a, 1)
            + Long.rotateLeft(b, 7)
            + Long.rotateLeft(c, 12)
            + Long.rotateLeft(d, 18);
    hash = (hash ^ round(0, a)) * P1 + P4;
    hash = (hash ^ round(0, b)) * P1 + P4;
    hash = (hash ^ round(0, c)) * P1 + P4;
    return (hash ^ round(0, d)) * P1 + P4;
  }

  private static long eight(long hash, long word) {
    return Long.rotateLeft(hash ^ round(0, word), 27) * P1 + P4;
  }

  private static long four(long hash, int word) {
    return Long.rotateLeft(hash ^ ((word & 0xFFFFFFFFL) * P1), 23) * P2 + P3;
  }

  private static long avalanche(long hash) {
    long mixed = (hash ^ (hash >>> 33)) * P2;
    mixed = (mixed ^ (mixed >>> 29)) * P3;
    return mixed ^ (mixed >>> 32);
  }
}
