package io.sonidb.flac;

/// The linear predictors that leave the least squared error, one of each order, from
/// autocorrelations (the recursion of Levinson and Durbin).
final class LevinsonDurbin {

  private final double[][] coefficients = new double[LinearPredictor.MAX_ORDER + 1][];
  private final double[] errors = new double[LinearPredictor.MAX_ORDER + 1];

  LevinsonDurbin() {
    for (int order = 0; order < coefficients.length; order++) {
      coefficients[order] = new double[order];
    }
  }

  /// Computes the predictors of order 1 to `maxOrder`.
  ///
  /// @param autocorrelation of lag 0 to `maxOrder`
  /// @return the highest order there is: it ends where nothing is left to predict, or where
  ///   rounding, or numbers that are no autocorrelation, leave less than nothing
  int solve(double[] autocorrelation, int maxOrder) {
    errors[0] = autocorrelation[0];
    for (int order = 1; order <= maxOrder; order++) {
      double error = errors[order - 1];
      if (!(error > 0)) {
        return order - 1;
      }
      double[] shorter = coefficients[order - 1];
      double[] longer = coefficients[order];
      double rest = autocorrelation[order];
      for (int i = 0; i < order - 1; i++) {
        rest -= shorter[i] * autocorrelation[order - 1 - i];
      }
      double reflection = rest / error;
      if (!(Math.abs(reflection) < 1)) {
        return order - 1;
      }
      for (int i = 0; i < order - 1; i++) {
        longer[i] = shorter[i] - reflection * shorter[order - 2 - i];
      }
      longer[order - 1] = reflection;
      errors[order] = error * (1 - reflection * reflection);
    }
    return maxOrder;
  }

  /// The coefficients of one order, that of the newest sample first.
  double[] coefficients(int order) {
    return coefficients[order];
  }

  /// The squared error that the predictor of an order leaves, in the units of the autocorrelations;
  /// 0 is the order of no prediction.
  double error(int order) {
    return errors[order];
  }
}
