package io.sonidb.flac;

import io.sonidb.flac.kernel.Rice;

/// How many bits the unary parts of the Rice codes of a run take, that is, the sum of `folded >>>
/// k`, each parameter k looked at once.
final class UnarySums {

  private final long[] sums = new long[Rice.MAX_PARAMETER_5_BIT + 1];

  /// Bit k tells whether the sum under the parameter k is known.
  private int known;

  private int[] residuals = {};
  private int from;
  private int to;
  private long total;

  /// Where those begin that are counted as well.
  private int ahead;

  /// Goes on with `residuals[from..to)`.
  ///
  /// @param total their sum, folded
  void start(int[] residuals, int from, int to, long total) {
    this.residuals = residuals;
    this.from = from;
    this.to = to;
    this.total = total;
    known = 0;
    ahead = from;
  }

  /// Counts some residuals before all these as well; what is known stays known.
  ///
  /// @param first of them
  void include(int first) {
    ahead = first;
  }

  long of(int parameter) {
    if ((known >>> parameter & 1) == 0) {
      sums[parameter] = Rice.shiftedSum(residuals, from, to, parameter, total);
      known |= 1 << parameter;
    }
    long sum = sums[parameter];
    for (int i = ahead; i < from; i++) {
      sum += (Rice.fold(residuals[i]) & 0xffffffffL) >>> parameter;
    }
    return sum;
  }
}
