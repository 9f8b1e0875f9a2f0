package io.sonidb.flac.kernel;

/// The loops of the codec for which SIMD pays.
///
/// One implementation is the best for a machine: SIMD when the module `jdk.incubator.vector` is
/// there and the machine has vectors of at least eight ints, plain loops otherwise or with
/// `-Dsonidb.simd=off`. [KernelChoice] tells when it takes over. Both give the same bytes and
/// samples. Loops that the compiler vectorises by itself, and loops in which each step waits for
/// the one before, are not among them.
public sealed interface Kernels permits ScalarKernels, SimdKernels {
  /// Plain loops, for every machine.
  Kernels SCALAR = new ScalarKernels();

  /// The implementation for this machine.
  Kernels BEST = choose();

  /// The most bits of a joined code.
  int MAX_JOINED_BITS = 56;

  /// How many lags [#correlate] looks at.
  int LAGS = 16;

  private static Kernels choose() {
    if ("off".equals(System.getProperty("sonidb.simd"))) {
      return SCALAR;
    }
    boolean resolved = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return resolved && SimdKernels.isWorthwhile() ? new SimdKernels() : SCALAR;
  }

  /// Name for statistics: `scalar`, or `simd` with the width in bits.
  String name();

  /// Whether the loops here use SIMD, so that they are faster than tables.
  boolean areSimd();

  /// Stores the low 24 bits of `samples[from..to)`, most significant byte first, from `out[at]` on,
  /// and the last few not.
  ///
  /// @param limit bytes from here on are not touched; those before it may be overwritten
  /// @return the sample that the caller goes on with, `3 * (it - from)` bytes behind `at`
  int pack24(int[] samples, int from, int to, byte[] out, int at, int limit);

  /// Undoes [#pack24], with signs.
  ///
  /// @param limit bytes from here on are not read
  /// @return the sample that the caller goes on with
  int unpack24(byte[] in, int at, int limit, int[] into, int from, int to);

  /// Unfolds `count` numbers, a byte each, from `folded[from]` on, to `into[offset]` and on.
  void unfold(byte[] folded, int from, int count, int[] into, int offset);

  /// Makes the Rice codes of `residuals[from..to)` and joins each two, but not those of the last
  /// few.
  ///
  /// A joined code stands above the low byte of a `long`, which holds the number of its bits; if
  /// that is more than [#MAX_JOINED_BITS], the code is not there.
  ///
  /// @param residuals of at most 29 bits
  /// @param parameter 0 to 13
  /// @param codes receives the joined codes; `to - from` long
  /// @return how many
  int pairCodes(int[] residuals, int from, int to, int parameter, long[] codes);

  /// Joins each two of some joined codes, but not the last few.
  ///
  /// @param codes receives the result from its beginning on
  /// @return how many are joined: if not half of `count`, the codes behind are lost
  int joinCodes(long[] codes, int count);

  /// How many runs [#readInLanes] reads at once; 0 where that is not faster than one by one.
  int lanes();

  /// Reads Rice codes of [#lanes()] runs at once, in groups of a few of each run. What it gives is
  /// not unfolded, and the one that ends the unary part still stands above the low bits. It ends
  /// where the next few codes of any run do not lie in 57 bits, or within eight bytes of its end.
  ///
  /// @param positions the next bit of each run in `in`, counted from its first byte; is moved on
  /// @param ends for each run the index behind the last byte that may be read
  /// @param words is overwritten; [#lanes()] long, as are the two before it
  /// @param parameters of the codes of each run, 0 to 13
  /// @param count how many numbers of each run, at most
  /// @param into receives the first of all runs, the second of all runs, and so on
  /// @return how many numbers of each run it has read
  int readInLanes(
      byte[] in,
      long[] positions,
      int[] ends,
      long[] words,
      long[] parameters,
      int count,
      int[] into);

  /// As [#readInLanes], for codes with a small parameter, and gives the numbers folded; each is
  /// below 256. It ends where the next few codes of any run do not lie in 57 bits, or within eight
  /// bytes of the end of the array, so codes may reach behind the end of their run: the caller
  /// looks at the positions.
  ///
  /// @param parameters of the codes of each run, 0 to 3
  /// @param count how many numbers of each run, at most
  /// @param into receives the first eight numbers of each run, a byte each and the first on top,
  ///   then the next eight of each run, and so on; of the last ones there may be fewer
  /// @return how many numbers of each run it has read
  int readSmallInLanes(
      byte[] in, long[] positions, long[] words, long[] parameters, int count, long[] into);

  /// Adds up the products of numbers that are some places apart: for each lag from `firstLag` on
  /// the sum of `numbers[i] * numbers[i + lag]` for all i below `count`. Those of even i and of odd
  /// i are added up by themselves, in their order, and then both sums, so that the result is the
  /// same to the bit everywhere.
  ///
  /// @param numbers `count + 1 + firstLag + LAGS` or more; behind `count` are zeros
  /// @param into receives [#LAGS] sums
  void correlate(double[] numbers, int count, int firstLag, double[] into);

  /// Subtracts from each sample what the samples before it foretell: the sum of `coefficients[j]`
  /// times the sample `j + 1` places before, shifted to the right.
  ///
  /// @param samples `offset + count`
  /// @param offset where the first of them lies; at least `order`
  /// @param coefficients with which no sum passes 32 bits
  /// @param into receives `count` numbers from its beginning on
  void subtractPrediction(
      int[] samples, int offset, int count, int[] coefficients, int order, int shift, int[] into);
}
