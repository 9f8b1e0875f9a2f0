package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sonidb.flac.kernel.Kernels;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LinearPredictorTest {

  @Test
  void leavesWhatTheDecoderPutsBack() {
    Seeds.repeat(
        2000,
        random -> {
          int depth = random.nextInt(4, 26);
          int blockSize = random.nextInt(1, 200);
          int count = random.nextInt(1, 33);
          double scale = Math.scalb(1.0, random.nextInt(-8, 12));
          double[] exact = random.doubles(count, -scale, scale).toArray();
          LinearPredictor predictor = new LinearPredictor();
          if (!predictor.round(exact, count, random.nextInt(5, 16))
              || predictor.order >= blockSize) {
            return;
          }
          int[] samples = random.ints(blockSize).map(sample -> sample >> (32 - depth)).toArray();
          int[] padded = new int[LinearPredictor.MAX_ORDER + blockSize];
          System.arraycopy(samples, 0, padded, LinearPredictor.MAX_ORDER, blockSize);
          int[] residual = new int[blockSize];
          for (Kernels kernels : new Kernels[] {Kernels.SCALAR, Kernels.BEST}) {
            boolean usable = predictor.residual(kernels, padded, depth, residual, blockSize);
            long largest = 0;
            for (int i = predictor.order; i < blockSize; i++) {
              long sum = 0;
              for (int tap = 0; tap < predictor.order; tap++) {
                sum += (long) predictor.coefficients[tap] * samples[i - 1 - tap];
              }
              long expected = samples[i] - (sum >> predictor.shift());
              largest = Math.max(largest, Math.abs(expected));
              if (usable) {
                assertThat(residual[i]).isEqualTo(expected);
              }
            }
            assertThat(usable).isEqualTo(largest < 1L << 31);
          }
        });
  }

  @Test
  void roundsNoCoefficientsThatAreTooLargeOrNone() {
    LinearPredictor predictor = new LinearPredictor();
    assertThat(predictor.round(new double[] {40_000}, 1, 15)).isFalse();
    assertThat(predictor.round(new double[] {0, 0}, 2, 15)).isFalse();
    assertThat(predictor.round(new double[] {Double.NaN}, 1, 15)).isFalse();
    assertThat(predictor.round(new double[] {1e-9}, 1, 15)).isFalse();
    assertThat(predictor.round(new double[] {1.75, -0.9, 1e-9}, 3, 12)).isTrue();
    assertThat(predictor.order).isEqualTo(2);
  }

  @Test
  void recursionFindsTheCoefficientsThatMadeASignal() {
    SplittableRandom random = new SplittableRandom(1);
    int[] samples = new int[16_384];
    double last = 0;
    double lastButOne = 0;
    for (int i = 0; i < samples.length; i++) {
      double next = 1.6 * last - 0.8 * lastButOne + 1000 * random.nextGaussian();
      samples[i] = (int) Math.round(next);
      lastButOne = last;
      last = next;
    }
    double[] correlations = new double[LinearPredictor.MAX_ORDER + 1];
    new Autocorrelation().of(Kernels.SCALAR, samples, 0, samples.length, 1000, correlations, 32);
    LevinsonDurbin recursion = new LevinsonDurbin();
    assertThat(recursion.solve(correlations, 32)).isEqualTo(32);
    assertThat(recursion.coefficients(2)[0]).isCloseTo(1.6, within(0.03));
    assertThat(recursion.coefficients(2)[1]).isCloseTo(-0.8, within(0.03));
    assertThat(recursion.error(32)).isLessThan(recursion.error(2));
  }

  @Test
  void recursionEndsWhereNothingIsLeftOrNumbersAreNoAutocorrelation() {
    LevinsonDurbin recursion = new LevinsonDurbin();
    assertThat(recursion.solve(new double[] {0, 0, 0}, 2)).isZero();
    assertThat(recursion.solve(new double[] {1, 2, 0}, 2)).isZero();
    assertThat(recursion.solve(new double[] {1, 0.5, -3}, 2)).isEqualTo(1);
    assertThat(recursion.solve(new double[] {Double.NaN, 1, 1}, 2)).isZero();
    assertThat(recursion.solve(new double[] {1, Double.NaN, 1}, 2)).isZero();
  }
}
