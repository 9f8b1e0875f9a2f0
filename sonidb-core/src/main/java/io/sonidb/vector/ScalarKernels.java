package io.sonidb.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Plain loops with four running sums, which the compiler can keep in flight at once.
final class ScalarKernels implements Kernels {
  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public float dot(float[] a, float[] b) {
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    int i = 0;
    for (; i <= a.length - 4; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) {
      s0 += a[i] * b[i];
    }
    return s0 + s1 + (s2 + s3);
  }

  @Override
  public float squaredDistance(float[] a, float[] b) {
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    int i = 0;
    for (; i <= a.length - 4; i += 4) {
      s0 += square(a[i] - b[i]);
      s1 += square(a[i + 1] - b[i + 1]);
      s2 += square(a[i + 2] - b[i + 2]);
      s3 += square(a[i + 3] - b[i + 3]);
    }
    for (; i < a.length; i++) {
      s0 += square(a[i] - b[i]);
    }
    return s0 + s1 + (s2 + s3);
  }

  @Override
  public float absoluteDistance(float[] a, float[] b) {
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    int i = 0;
    for (; i <= a.length - 4; i += 4) {
      s0 += Math.abs(a[i] - b[i]);
      s1 += Math.abs(a[i + 1] - b[i + 1]);
      s2 += Math.abs(a[i + 2] - b[i + 2]);
      s3 += Math.abs(a[i + 3] - b[i + 3]);
    }
    for (; i < a.length; i++) {
      s0 += Math.abs(a[i] - b[i]);
    }
    return s0 + s1 + (s2 + s3);
  }

  @Override
  public double dot(double[] a, double[] b) {
    double s0 = 0.0;
    double s1 = 0.0;
    double s2 = 0.0;
    double s3 = 0.0;
    int i = 0;
    for (; i <= a.length - 4; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) {
      s0 += a[i] * b[i];
    }
    return s0 + s1 + (s2 + s3);
  }

  @Override
  public double squaredDistance(double[] a, double[] b) {
    double s0 = 0.0;
    double s1 = 0.0;
    double s2 = 0.0;
    double s3 = 0.0;
    int i = 0;
    for (; i <= a.length - 4; i += 4) {
      s0 += square(a[i] - b[i]);
      s1 += square(a[i + 1] - b[i + 1]);
      s2 += square(a[i + 2] - b[i + 2]);
      s3 += square(a[i + 3] - b[i + 3]);
    }
    for (; i < a.length; i++) {
      s0 += square(a[i] - b[i]);
    }
    return s0 + s1 + (s2 + s3);
  }

  @Override
  public double absoluteDistance(double[] a, double[] b) {
    double s0 = 0.0;
    double s1 = 0.0;
    double s2 = 0.0;
    double s3 = 0.0;
    int i = 0;
    for (; i <= a.length - 4; i += 4) {
      s0 += Math.abs(a[i] - b[i]);
      s1 += Math.abs(a[i + 1] - b[i + 1]);
      s2 += Math.abs(a[i + 2] - b[i + 2]);
      s3 += Math.abs(a[i + 3] - b[i + 3]);
    }
    for (; i < a.length; i++) {
      s0 += Math.abs(a[i] - b[i]);
    }
    return s0 + s1 + (s2 + s3);
  }

  private static float square(float x) {
    return x * x;
  }

  private static double square(double x) {
    return x * x;
  }

  @Override
  public int bitProduct(MemorySegment bits, long at, int words, long[] planes) {
    return plainBitProduct(bits, at, words, planes);
  }

  static int plainBitProduct(MemorySegment bits, long at, int words, long[] planes) {
    int plane = Kernels.planeWords(words);
    int first = 0;
    int second = 0;
    int third = 0;
    int fourth = 0;
    for (int word = 0; word < words; word++) {
      long some = bits.get(ValueLayout.JAVA_LONG_UNALIGNED, at + (long) Long.BYTES * word);
      first += Long.bitCount(some & planes[word]);
      second += Long.bitCount(some & planes[plane + word]);
      third += Long.bitCount(some & planes[2 * plane + word]);
      fourth += Long.bitCount(some & planes[3 * plane + word]);
    }
    return first + 2 * second + 4 * third + 8 * fourth;
  }
}
