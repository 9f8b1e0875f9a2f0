package io.sonidb.flac.kernel;

/// The arithmetic of Rice codes (RFC 9639, 9.2.7): how a residual becomes a number without a sign,
/// and how many bits a run of residuals takes under each parameter.
///
/// A residual folded to z takes `(z >>> k) + 1 + k` bits under the parameter k. Let f(k) be z /
/// 2^k, rounded down, and b(k) the bit of z at k, so that f(k) = 2 f(k+1) + b(k). Then
///
/// ```
/// (f(k-1) - f(k)) - (f(k) - f(k+1))  =  f(k) + b(k-1) - f(k+1) - b(k)  =  f(k+1) + b(k-1)  >=  0
/// ```
///
/// so the length is convex in k, and so is the length of any run. The best parameter is therefore
/// found by walking downhill from an estimate: a smaller one cannot hide behind a larger.
public final class Rice {

  /// The largest parameters of the two coding methods; the next value means that the partition is
  /// escaped, that is, holds plain numbers.
  public static final int MAX_PARAMETER_4_BIT = 14;

  public static final int MAX_PARAMETER_5_BIT = 30;

  private Rice() {}

  /// Folds a residual so that small ones of either sign become small numbers: 0, -1, 1, -2, 2
  /// become 0, 1, 2, 3, 4.
  public static int fold(int residual) {
    return residual << 1 ^ residual >> 31;
  }

  /// Undoes [#fold].
  ///
  /// @param folded any 32 bits, taken as unsigned
  public static int unfold(int folded) {
    // Half of the code, negated bit by bit when the code is odd; no branch, so no misprediction.
    return folded >>> 1 ^ -(folded & 1);
  }

  /// The number of bits in which every one of some residuals fits in two's complement; 0 when all
  /// are zero.
  ///
  /// @param foldedUnion all of them folded and joined by "or"
  public static int width(int foldedUnion) {
    return 32 - Integer.numberOfLeadingZeros(foldedUnion);
  }

  /// The parameter that is about best for residuals whose folded sum is `sum`; within 1 of the best
  /// for distributions that occur, and only a place to start from for the others.
  public static int estimate(long sum, int count) {
    // The length n (k + 1) + sum / 2^k is least where 2^k = ln 2 * sum / n; 11/16 is nearly ln 2.
    long mean = ((sum * 11) >>> 4) / count;
    return Math.min(63 - Long.numberOfLeadingZeros(mean | 1), MAX_PARAMETER_5_BIT);
  }

  /// A number of bits that no parameter can undercut, from the sum alone.
  ///
  /// Of each z at most 2^k - 1 is lost in z >>> k, so the codes take at least `n (k + 1) + (sum - n
  /// (2^k - 1)) / 2^k` bits. That is convex in k with its least value where 2^k = ln 2 * (sum + n)
  /// / n, and one of the three whole numbers around the logarithm of (sum + n) / n is next to it on
  /// either side.
  public static long lowerBound(long sum, int count) {
    int middle = 63 - Long.numberOfLeadingZeros((sum + count) / count);
    long least = Long.MAX_VALUE;
    for (int k = Math.max(middle - 1, 0); k <= middle + 1; k++) {
      long unary = Math.max(0, sum - count * ((1L << k) - 1)) >>> k;
      least = Math.min(least, (long) count * (k + 1) + unary);
    }
    return least;
  }

  /// The sum of all residuals, folded.
  public static long sum(int[] residuals, int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += fold(residuals[i]) & 0xffffffffL;
    }
    return sum;
  }

  /// The unary part of all codes under a parameter: the sum of `folded >>> parameter`.
  ///
  /// @param sum their sum, which says whether 32 bits are wide enough to add in
  public static long shiftedSum(int[] residuals, int from, int to, int parameter, long sum) {
    if (sum >>> parameter <= Integer.MAX_VALUE) {
      int narrow = 0;
      for (int i = from; i < to; i++) {
        narrow += fold(residuals[i]) >>> parameter;
      }
      return narrow;
    }
    long wide = 0;
    for (int i = from; i < to; i++) {
      wide += (fold(residuals[i]) & 0xffffffffL) >>> parameter;
    }
    return wide;
  }
}
