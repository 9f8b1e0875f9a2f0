package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Records of vectors that are whole numbers, times a step or over a power of ten.
class IntegerRecordTest {
  private static final double[] STEPS = {
    1, 0.0123, 0.5, 1 / 3.0, 1e-30, 1e-44, 3e30, Float.MAX_VALUE, 0x1p-149, Math.PI * 0x1p-300
  };

  private final RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
  private final RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);

  private SoundRecord comesBack(Vector vector, byte... payload) throws Exception {
    SoundRecord record = SoundRecord.upsert(1 << 22, VectorId.of(7), vector, payload);
    byte[] bytes = Records.encode(encoder, record);
    assertThat(bytes.length).isLessThanOrEqualTo(encoder.maxSize(record));
    decoder.read(bytes, 0, bytes.length);
    assertThat(decoder.record()).isEqualTo(record);
    return decoder.record();
  }

  private static int[] multiples(RandomGenerator random, int dimension, double sigma) {
    int[] multiples = new int[dimension];
    for (int i = 0; i < dimension; i++) {
      multiples[i] = (int) Math.rint(random.nextGaussian() * sigma);
    }
    return multiples;
  }

  private int size(Vector vector) {
    return Records.encode(encoder, SoundRecord.upsert(1 << 22, VectorId.of(7), vector)).length;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 17, 768, 4600, 16384})
  void bringsBackMultiplesOfAnyStepAndTheStepWithThem(int dimension) {
    Seeded.run(
        1,
        random -> {
          for (double step : STEPS) {
            for (double sigma : new double[] {0.3, 7, 1000, 1 << 20}) {
              Vector vector = Vector.ofMultiples(multiples(random, dimension, sigma), step);
              Vector read = comesBack(vector).vector();
              assertThat(read.step()).isIn(0.0, step);
              comesBack(read, TestVectors.bytes(random, random.nextInt(300)));
            }
          }
        });
  }

  /// 28 steps are a sigma: 6.9 bits of entropy, and 0.08 that Rice codes lose.
  @Test
  void takesSevenBitsForAComponentOfTwentyEightSteps() {
    Seeded.run(
        1,
        random -> {
          int[] multiples = multiples(random, 768, 28);
          Vector vector = Vector.ofMultiples(multiples, 0.001257);
          assertThat(comesBack(vector).vector().step()).isEqualTo(0.001257);
          assertThat(size(vector)).isLessThan(768 * 7 / 8 + 60);
          assertThat(size(Vector.ofMultiples(multiples, 0x1p-10))).isLessThan(768 * 7 / 8 + 54);
        });
  }

  @Test
  void isNotMisledByAHintThatIsWrong() {
    Seeded.run(
        1,
        random -> {
          Vector vector = TestVectors.usual(random, ElementType.FLOAT32, 300);
          assertThat(comesBack(vector.withStep(0.001)).vector().step()).isZero();
          float[] almost = Vector.ofMultiples(multiples(random, 300, 50), 0.01).floats().clone();
          almost[299] = -0.0f;
          assertThat(comesBack(Vector.sharing(almost).withStep(0.01)).vector().step()).isZero();
          almost[299] = Float.NaN;
          assertThat(comesBack(Vector.sharing(almost).withStep(0.01)).vector().step()).isZero();
        });
  }

  @Test
  void knowsNoStepThatIsNone() {
    Vector vector = Vector.of(1f, 2f);
    assertThat(vector.withStep(0)).isEqualTo(vector).isEqualTo(vector.withStep(1));
    for (double step : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> vector.withStep(step));
    }
  }

  /// -0.0 is a float of its own, and no number.
  @Test
  void keepsTheSignOfZero() throws Exception {
    float[] floats = new float[100];
    for (int i = 0; i < 100; i++) {
      floats[i] = i % 7;
    }
    comesBack(Vector.sharing(floats.clone()));
    floats[50] = -0.0f;
    comesBack(Vector.sharing(floats));
  }

  @Test
  void takesAByteForAPixelOrLess() {
    Seeded.run(
        1,
        random -> {
          float[] pixels = new float[784];
          for (int i = 0; i < 784; i++) {
            pixels[i] = random.nextInt(256);
          }
          assertThat(size(Vector.sharing(pixels))).isLessThan(784 + 45);
        });
  }

  @Test
  void takesTheBitsOfTheNumberForADecimal() {
    Seeded.run(
        1,
        random -> {
          float[] floats = new float[500];
          double[] doubles = new double[500];
          for (int i = 0; i < 500; i++) {
            int number = random.nextInt(1 << 20) - (1 << 19);
            floats[i] = (float) (number / 1e6);
            doubles[i] = number / 1e6;
          }
          comesBack(Vector.sharing(floats));
          assertThat(size(Vector.sharing(floats))).isLessThan(500 * 20 / 8 + 50);
          RecordEncoder encoder64 = new RecordEncoder(SoundFormat.FLOAT64);
          SoundRecord record = SoundRecord.upsert(1, VectorId.of(7), Vector.sharing(doubles));
          assertThat(Records.encode(encoder64, record).length).isLessThan(500 * 20 / 8 + 55);
        });
  }
}
