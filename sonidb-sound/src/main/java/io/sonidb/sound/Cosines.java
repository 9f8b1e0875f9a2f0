package io.sonidb.sound;

/// The orthonormal cosine transform (DCT-II, and back) of a block of 4 to 512 samples, a power of
/// two.
///
/// After Lee 1984 ("A new algorithm to compute the discrete cosine transform"): what is alike at
/// both ends of a block belongs to the even lines, what is opposite to the odd ones, and each half
/// is a transform of half the size again. `splits` go down to blocks of one, `joins` come back up;
/// each pass reads one array and writes the other. Plain double arithmetic in a fixed order, and
/// tables from `StrictMath`: every machine computes the same bits.
///
/// *Error.* Lee's weights are large where the cosine is small, up to 163 in a block of 512, so
/// rounding errors grow: measured, lines of 1000 are right to 3 * 10^-10, where 0.2 would do.
final class Cosines {
  static final int MIN_SIZE = 4;
  static final int MAX_SIZE = 512;

  /// By the logarithm of the size.
  private static final Cosines[] ALL = all();

  private final int size;
  private final double scale;

  /// By the logarithm of the length of the blocks that are split: half a cosine's inverse, for each
  /// pair.
  private final double[][] weights;

  private Cosines(int size, double[][] weights) {
    this.size = size;
    this.weights = weights;
    scale = StrictMath.sqrt(2.0 / size);
  }

  private static Cosines[] all() {
    int most = Integer.numberOfTrailingZeros(MAX_SIZE);
    double[][] weights = new double[most + 1][];
    Cosines[] all = new Cosines[most + 1];
    for (int log = 0; log <= most; log++) {
      weights[log] = weights(1 << log);
      all[log] = new Cosines(1 << log, weights);
    }
    return all;
  }

  private static double[] weights(int length) {
    double[] weights = new double[length / 2];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 0.5 / StrictMath.cos((2 * i + 1) * Math.PI / (2 * length));
    }
    return weights;
  }

  /// The transform of blocks of `size` samples.
  static Cosines of(int size) {
    return ALL[Integer.numberOfTrailingZeros(size)];
  }

  /// Makes lines of samples.
  ///
  /// @param block the samples, and then the lines
  /// @param scratch is overwritten; as long as the block
  void analyse(double[] block, double[] scratch) {
    int log = Integer.numberOfTrailingZeros(size);
    double[] from = block;
    double[] into = scratch;
    for (int level = log; level > 0; level--) {
      split(from, into, 1 << level, weights[level]);
      double[] other = from;
      from = into;
      into = other;
    }
    for (int level = 1; level <= log; level++) {
      join(from, into, 1 << level);
      double[] other = from;
      from = into;
      into = other;
    }
    // As many passes back as forth, so the lines are in the block again.
    block[0] *= StrictMath.sqrt(0.5);
    for (int i = 0; i < size; i++) {
      block[i] *= scale;
    }
  }

  private void split(double[] from, double[] into, int length, double[] weights) {
    int half = length / 2;
    for (int start = 0; start < size; start += length) {
      int last = start + length - 1;
      int middle = start + half;
      for (int i = 0; i < half; i++) {
        double near = from[start + i];
        double far = from[last - i];
        into[start + i] = near + far;
        into[middle + i] = (near - far) * weights[i];
      }
    }
  }

  private void join(double[] from, double[] into, int length) {
    int half = length / 2;
    for (int start = 0; start < size; start += length) {
      int middle = start + half;
      for (int i = 0; i < half - 1; i++) {
        into[start + 2 * i] = from[start + i];
        into[start + 2 * i + 1] = from[middle + i] + from[middle + i + 1];
      }
      into[start + length - 2] = from[middle - 1];
      into[start + length - 1] = from[start + length - 1];
    }
  }

  /// Makes samples of lines: each pass of [#analyse] transposed, in the opposite order.
  ///
  /// @param block the lines, and then the samples
  /// @param scratch is overwritten; as long as the block
  void synthesise(double[] block, double[] scratch) {
    int log = Integer.numberOfTrailingZeros(size);
    block[0] *= StrictMath.sqrt(0.5);
    for (int i = 0; i < size; i++) {
      block[i] *= scale;
    }
    double[] from = block;
    double[] into = scratch;
    for (int level = log; level > 0; level--) {
      part(from, into, 1 << level);
      double[] other = from;
      from = into;
      into = other;
    }
    for (int level = 1; level <= log; level++) {
      merge(from, into, 1 << level, weights[level]);
      double[] other = from;
      from = into;
      into = other;
    }
  }

  private void part(double[] from, double[] into, int length) {
    int half = length / 2;
    for (int start = 0; start < size; start += length) {
      int middle = start + half;
      into[start] = from[start];
      into[middle] = from[start + 1];
      for (int i = 1; i < half; i++) {
        into[start + i] = from[start + 2 * i];
        into[middle + i] = from[start + 2 * i - 1] + from[start + 2 * i + 1];
      }
    }
  }

  private void merge(double[] from, double[] into, int length, double[] weights) {
    int half = length / 2;
    for (int start = 0; start < size; start += length) {
      int last = start + length - 1;
      int middle = start + half;
      for (int i = 0; i < half; i++) {
        double even = from[start + i];
        double odd = from[middle + i] * weights[i];
        into[start + i] = even + odd;
        into[last - i] = even - odd;
      }
    }
  }
}
