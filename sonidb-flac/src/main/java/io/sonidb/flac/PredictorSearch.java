package io.sonidb.flac;

import io.sonidb.flac.kernel.Kernels;

/// Looks for the linear predictor that leaves the smallest residual of a block.
///
/// A predictor is fitted to the whole block, to each half and to each third of it, and to what is
/// left without each third: where the sound changes within the block, one that is right for most of
/// it and wrong for the rest can be better than one that is a little wrong everywhere. Of each fit
/// the order is chosen from the errors that the recursion foretells; then the residual is made, and
/// its size estimated. The least estimate wins.
final class PredictorSearch {

  private static final int MOST_PARTS = 3;

  /// Of the whole block, this part fades in, and as many samples of each piece of it.
  private static final int FADE_DIVISOR = 12;

  /// Pieces shorter than this tell too little.
  private static final int LEAST_PIECE = 64;

  private final int maxOrder;
  private final int maxPartitionOrder;
  private final Autocorrelation autocorrelation = new Autocorrelation();
  private final LevinsonDurbin recursion = new LevinsonDurbin();
  private final RiceEstimate estimate = new RiceEstimate();
  private final double[] whole = new double[LinearPredictor.MAX_ORDER + 1];
  private final double[] piece = new double[LinearPredictor.MAX_ORDER + 1];

  private int[] samples = {};
  private int blockSize;
  private int depth;

  /// Behind zeros.
  private int[] padded = {};

  private LinearPredictor best = new LinearPredictor();
  private LinearPredictor trial = new LinearPredictor();
  private int[] bestResidual = {};
  private int[] trialResidual = {};
  private long bestBits;

  PredictorSearch(int maxOrder, int maxPartitionOrder) {
    this.maxOrder = maxOrder;
    this.maxPartitionOrder = maxPartitionOrder;
  }

  /// Looks for a predictor of samples.
  ///
  /// @param depth bits per sample, at most 25
  /// @return whether there is one
  boolean find(Kernels kernels, int[] samples, int blockSize, int depth) {
    this.samples = samples;
    this.blockSize = blockSize;
    this.depth = depth;
    bestBits = Long.MAX_VALUE;
    prepare();
    int highest = Math.min(maxOrder, blockSize - 1);
    int fade = blockSize / FADE_DIVISOR;
    autocorrelation.of(kernels, samples, 0, blockSize, fade, whole, highest);
    double energy = autocorrelation.energy;
    fit(kernels, whole, energy, highest);
    for (int parts = 2; parts <= MOST_PARTS && blockSize / parts >= LEAST_PIECE; parts++) {
      for (int part = 0; part < parts; part++) {
        int from = (int) ((long) blockSize * part / parts);
        int to = (int) ((long) blockSize * (part + 1) / parts);
        autocorrelation.of(kernels, samples, from, to, fade, piece, highest);
        fit(kernels, piece, autocorrelation.energy, highest);
        if (parts > 2) {
          for (int lag = 0; lag <= highest; lag++) {
            piece[lag] = whole[lag] - piece[lag];
          }
          fit(kernels, piece, energy - autocorrelation.energy, highest);
        }
      }
    }
    return bestBits < Long.MAX_VALUE;
  }

  private void prepare() {
    if (bestResidual.length < blockSize) {
      bestResidual = new int[blockSize];
      trialResidual = new int[blockSize];
      padded = new int[LinearPredictor.MAX_ORDER + blockSize];
    }
    System.arraycopy(samples, 0, padded, LinearPredictor.MAX_ORDER, blockSize);
  }

  private void fit(Kernels kernels, double[] correlations, double energy, int highest) {
    int precision = LinearPredictor.precisionFor(blockSize, depth);
    int solved = recursion.solve(correlations, highest);
    if (solved == 0) {
      return;
    }
    int order = chooseOrder(solved, energy, precision);
    if (!trial.round(recursion.coefficients(order), order, precision)) {
      return;
    }
    if (!trial.residual(kernels, padded, depth, trialResidual, blockSize)) {
      return;
    }
    long bits =
        (long) trial.order * depth
            + trial.bits()
            + estimate.bits(trialResidual, trial.order, blockSize, maxPartitionOrder);
    if (bits < bestBits) {
      bestBits = bits;
      swap();
    }
  }

  /// The order with the fewest bits, as far as errors tell: half of a logarithm a sample. The error
  /// of rounding samples, a twelfth, stays whatever the predictor.
  private int chooseOrder(int solved, double energy, int precision) {
    int best = 1;
    double least = Double.POSITIVE_INFINITY;
    double perSample = 0.5 / Math.log(2);
    for (int order = 1; order <= solved; order++) {
      double error = Math.max(0, recursion.error(order) / energy) + 1.0 / 12;
      double bits =
          (blockSize - order) * perSample * Math.log(error) + order * (double) (precision + depth);
      if (bits < least) {
        least = bits;
        best = order;
      }
    }
    return best;
  }

  private void swap() {
    LinearPredictor predictor = trial;
    trial = best;
    best = predictor;
    int[] residual = trialResidual;
    trialResidual = bestResidual;
    bestResidual = residual;
  }

  LinearPredictor predictor() {
    return best;
  }

  /// The residual of the best predictor, from its order on.
  int[] residual() {
    return bestResidual;
  }
}
