package io.sonidb.flac.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KernelsTest {

  private final SplittableRandom random = new SplittableRandom(4);

  static Kernels[] kernels() {
    return new Kernels[] {Kernels.SCALAR, Kernels.BEST};
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void packsNothingBehindTheLimit(Kernels kernels) {
    for (int count = 0; count < 100; count++) {
      int[] samples = random.ints(count).map(sample -> sample >> 8).toArray();
      for (int room : new int[] {0, 3 * count, 3 * count + 5, 3 * count + 40, 500}) {
        byte[] out = new byte[600];
        Arrays.fill(out, (byte) 0x5a);
        int packed = kernels.pack24(samples, 0, count, out, 7, 7 + room);
        assertThat(packed).isBetween(0, Math.min(count, room / 3));
        for (int i = 0; i < packed; i++) {
          assertThat(BigEndian.readTriple(out, 7 + 3 * i)).isEqualTo(samples[i] & 0xffffff);
        }
        for (int i = 7 + room; i < out.length; i++) {
          assertThat(out[i]).isEqualTo((byte) 0x5a);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void unpacksWhatLiesBeforeTheLimit(Kernels kernels) {
    byte[] in = new byte[600];
    random.nextBytes(in);
    for (int count = 0; count < 100; count++) {
      for (int limit : new int[] {7, 7 + 3 * count, 7 + 3 * count + 20, 600}) {
        int[] samples = new int[count + 2];
        int unpacked = kernels.unpack24(in, 7, limit, samples, 2, 2 + count);
        assertThat(unpacked - 2).isBetween(0, Math.min(count, (limit - 7) / 3));
        for (int i = 2; i < unpacked; i++) {
          assertThat(samples[i]).isEqualTo(BigEndian.readTriple(in, 1 + 3 * i) << 8 >> 8);
        }
        assertThat(Arrays.copyOfRange(samples, unpacked, samples.length))
            .isEqualTo(new int[samples.length - unpacked]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void unfoldsEveryByteAndNothingElse(Kernels kernels) {
    for (int count = 0; count < 100; count++) {
      byte[] folded = new byte[count + 5];
      random.nextBytes(folded);
      int[] expected = new int[count + 10];
      for (int i = 0; i < count; i++) {
        expected[3 + i] = Rice.unfold(folded[2 + i] & 0xff);
      }
      int[] unfolded = new int[count + 10];
      kernels.unfold(folded, 2, count, unfolded, 3);
      assertThat(unfolded).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void readsSmallCodesInLanesUntilOneIsTooLongOrTheBytesEnd(Kernels kernels) {
    int lanes = Math.max(kernels.lanes(), 3);
    for (int round = 0; round < 300; round++) {
      byte[] in = new byte[random.nextInt(8, 2000)];
      for (int i = 0; i < in.length; i++) {
        // Long runs of zeros in some rounds only.
        in[i] = (byte) (random.nextInt() & (round % 3 == 0 ? random.nextInt() : -1));
      }
      long[] positions = random.longs(lanes, 0, 8L * in.length - 60).toArray();
      long[] parameters = random.longs(lanes, 0, round % 2 == 0 ? 2 : 4).toArray();
      long[] before = positions.clone();
      int most = random.nextInt(0, 200);
      long[] rows = new long[lanes * (most / 8 + 1)];
      int read = kernels.readSmallInLanes(in, positions, new long[lanes], parameters, most, rows);
      assertThat(read).isBetween(0, most);
      for (int lane = 0; lane < lanes; lane++) {
        long at = before[lane];
        for (int i = 0; i < read; i++) {
          int parameter = (int) parameters[lane];
          int high = 0;
          for (; bit(in, at) == 0; at++) {
            high++;
          }
          int number = high;
          at++;
          for (int n = 0; n < parameter; n++) {
            number = number << 1 | bit(in, at++);
          }
          long eight = rows[i / 8 * lanes + lane];
          assertThat(eight >>> 56 - 8 * (i % 8) & 0xff).isEqualTo(number);
        }
        assertThat(positions[lane]).isEqualTo(at);
      }
    }
  }

  private static int bit(byte[] in, long at) {
    return in[(int) (at >>> 3)] >> 7 - (at & 7) & 1;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void joinsCodesThatFitAndTellsTheOthers(Kernels kernels) {
    for (int parameter = 0; parameter <= 13; parameter++) {
      for (int count = 0; count < 150; count++) {
        // Of some runs most codes fit, of others few.
        int width = random.nextBoolean() ? parameter + random.nextInt(1, 5) : random.nextInt(1, 30);
        int[] residuals =
            random.ints(count + 3).map(residual -> residual >> (32 - width)).toArray();
        long[] codes = new long[count];
        int joined = kernels.pairCodes(residuals, 3, 3 + count, parameter, codes);
        assertThat(joined).isBetween(0, count / 2);
        for (int perCode = 2; perCode <= 8; perCode *= 2) {
          for (int i = 0; i < joined; i++) {
            verify(codes[i], residuals, 3 + i * perCode, perCode, parameter);
          }
          joined = kernels.joinCodes(codes, joined);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void addsUpProductsInOneOrder(Kernels kernels) {
    for (int count = 1; count < 200; count++) {
      for (int firstLag : new int[] {0, 16, 32}) {
        double[] numbers = new double[count + 1 + firstLag + Kernels.LAGS];
        for (int i = 0; i < count; i++) {
          numbers[i] = random.nextGaussian() * 1e5;
        }
        double[] sums = new double[Kernels.LAGS];
        kernels.correlate(numbers, count, firstLag, sums);
        for (int lag = 0; lag < Kernels.LAGS; lag++) {
          double even = 0;
          double odd = 0;
          for (int i = 0; i < count; i += 2) {
            even += numbers[i] * numbers[i + firstLag + lag];
            odd += numbers[i + 1] * numbers[i + 1 + firstLag + lag];
          }
          assertThat(sums[lag]).isEqualTo(even + odd);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void subtractsPredictionsOfEveryOrder(Kernels kernels) {
    for (int order = 1; order <= 32; order++) {
      int[] coefficients = random.ints(32, -1024, 1024).toArray();
      for (int count : new int[] {1, 7, 16, 33, 100}) {
        int[] samples = random.ints(32 + count, -32768, 32768).toArray();
        int[] residual = new int[count + 1];
        kernels.subtractPrediction(samples, 32, count, coefficients, order, 9, residual);
        for (int i = 0; i < count; i++) {
          long sum = 0;
          for (int tap = 0; tap < order; tap++) {
            sum += (long) coefficients[tap] * samples[32 + i - 1 - tap];
          }
          assertThat(residual[i]).isEqualTo((int) (samples[32 + i] - (sum >> 9)));
        }
        assertThat(residual[count]).isZero();
      }
    }
  }

  private static void verify(long code, int[] residuals, int from, int count, int parameter) {
    long joined = 0;
    long bits = 0;
    for (int i = from; i < from + count; i++) {
      int folded = Rice.fold(residuals[i]);
      bits += (folded >>> parameter) + 1 + parameter;
      joined = joined << Math.min(63, (folded >>> parameter) + 1 + parameter);
      joined |= (folded & (1 << parameter) - 1) | 1 << parameter;
    }
    if (bits <= Kernels.MAX_JOINED_BITS) {
      assertThat(code & 0xff).isEqualTo(bits);
      assertThat(code >>> 8).isEqualTo(joined);
    } else {
      assertThat(code & 0xff).isGreaterThan(Kernels.MAX_JOINED_BITS);
    }
  }
}
