package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which representation a vector gets, what it costs, and that every bit comes back.
class RepresentationTest {
  private final RecordEncoder encoder32 = new RecordEncoder(SoundFormat.FLOAT32);
  private final RecordDecoder decoder32 = new RecordDecoder(SoundFormat.FLOAT32);
  private final RecordEncoder encoder64 = new RecordEncoder(SoundFormat.FLOAT64);
  private final RecordDecoder decoder64 = new RecordDecoder(SoundFormat.FLOAT64);

  /// The size of the record in bytes; its vector has come back.
  private int size(Vector vector) {
    boolean single = vector.elementType() == ElementType.FLOAT32;
    SoundRecord record = SoundRecord.upsert(1 << 22, VectorId.of(7), vector);
    byte[] bytes = Records.encode(single ? encoder32 : encoder64, record);
    RecordDecoder decoder = single ? decoder32 : decoder64;
    try {
      decoder.read(bytes, 0, bytes.length);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
    assertThat(decoder.record()).isEqualTo(record);
    return bytes.length;
  }

  /// The codes of the representations, the outermost first.
  private static String codes(Vector vector) {
    SoundFormat format = SoundFormat.of(vector.elementType());
    VectorPlan plan = new VectorPlan(format, new RecordLayout(format.channels() - 1));
    plan.choose(vector, 24);
    return plan.codes();
  }

  private static float half(double value) {
    return Float.float16ToFloat(Float.floatToFloat16((float) value));
  }

  /// As services make them that compute in float16 and normalise in float32.
  private static float[] scaledHalves(RandomGenerator random, int dimension, double scale) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) (half(random.nextGaussian() / 30) * scale);
    }
    return vector;
  }

  @ParameterizedTest
  @CsvSource({"oai3small_1536", "oai3large_1024", "oai3large_256"})
  void isTheGridForEveryRealVectorThatHasOne(String name) {
    for (Vector vector : TestVectors.real(name)) {
      assertThat(codes(vector)).isEqualTo("2");
      size(vector);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nomic_768", "notion_hf_768", "notion_512", "pbmc_pca_50"})
  void isFloatForRealVectorsOfNoise(String name) {
    List<Vector> vectors = TestVectors.real(name);
    assertThat(vectors).allMatch(vector -> codes(vector).equals("0"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1.0000001, 0.7312, 1e-30, 3e30, 0x1p-100, 1 / 3.0, Math.PI * 1e-40})
  void findsAnyScale(double scale) {
    Seeded.run(
        30,
        random -> {
          int dimension = 64 + random.nextInt(1500);
          float[] vector = scaledHalves(random, dimension, scale);
          Vector shared = Vector.sharing(vector);
          int size = size(shared);
          // Where the products are subnormal, the grid is lost.
          if (scale > 1e-30) {
            assertThat(codes(shared)).isEqualTo("2");
            assertThat(size).isLessThan(dimension * 14 / 8 + 70);
          }
        });
  }

  @Test
  void findsAGridOfEightBitsAsOne() {
    Seeded.run(
        30,
        random -> {
          float[] vector = new float[700];
          for (int i = 0; i < vector.length; i++) {
            int bits = Float.floatToRawIntBits((float) random.nextGaussian()) & 0xFFFF0000;
            vector[i] = (float) (Float.intBitsToFloat(bits) * 0.0314159);
          }
          Vector shared = Vector.sharing(vector);
          assertThat(codes(shared)).isEqualTo("2");
          assertThat(size(shared)).isLessThan(700 * 11 / 8 + 70);
        });
  }

  @Test
  void findsTheStepOfSmallNumbers() {
    Seeded.run(
        30,
        random -> {
          int[] multiples = new int[700];
          for (int i = 0; i < multiples.length; i++) {
            multiples[i] = random.nextInt(255) - 127;
          }
          Vector known = Vector.ofMultiples(multiples, 0.0123456 * (1 + random.nextDouble()));
          Vector unknown = Vector.of(known.floats());
          assertThat(codes(unknown)).isEqualTo("3");
          assertThat(size(unknown)).isLessThanOrEqualTo(size(known) + 2);
        });
  }

  /// A second normalisation rounds some components to a neighbour: these are listed.
  @Test
  void listsWhatMissesTheGridByOne() {
    Seeded.run(
        30, random -> listsWhatMissesTheGrid(random, 1.0000001f + random.nextFloat() / 1000, 3100));
  }

  /// With a factor that rounds as 1.0006104 does, after a third, it is two components of three.
  @Test
  void listsMostComponentsWhereMostMissTheGridByOne() {
    Seeded.run(5, random -> listsWhatMissesTheGrid(random, 1.0006104f, 3200));
  }

  private void listsWhatMissesTheGrid(RandomGenerator random, float second, int mostBytes) {
    float[] vector = scaledHalves(random, 1536, 1.0 / 3);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = vector[i] * second;
    }
    Vector shared = Vector.sharing(vector);
    assertThat(codes(shared)).isEqualTo("2");
    assertThat(size(shared)).isLessThan(mostBytes);
  }

  @Test
  void isFloatWhereOneComponentIsNotOnTheGrid() {
    Seeded.run(
        30,
        random -> {
          float[] vector = scaledHalves(random, 300, 0.7);
          int place = random.nextInt(300);
          vector[place] =
              Float.intBitsToFloat(
                  Float.floatToRawIntBits(vector[place]) ^ 1 << 4 + random.nextInt(8));
          assertThat(codes(Vector.sharing(vector))).isEqualTo("0");
          size(Vector.sharing(vector));
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 16, 100, 768, 4608, 16384})
  void takesAFewDozenBytesForAConstantVectorOfAnyDimension(int dimension) {
    float[] floats = new float[dimension];
    assertThat(size(Vector.of(floats))).isLessThan(48);
    assertThat(codes(Vector.of(floats))).isEqualTo("4");
    Arrays.fill(floats, -0.0f);
    assertThat(size(Vector.of(floats))).isLessThan(52);
    Arrays.fill(floats, Float.intBitsToFloat(0x7FA12345));
    assertThat(size(Vector.of(floats))).isLessThan(52);
    double[] doubles = new double[dimension];
    assertThat(size(Vector.of(doubles))).isLessThan(56);
    Arrays.fill(doubles, Math.PI);
    assertThat(size(Vector.of(doubles))).isLessThan(60);
  }

  @Test
  void takesTheBitsOfTheOthersAndOfTheirPlacesForASparseVector() {
    Seeded.run(
        10,
        random -> {
          for (float background : new float[] {0, -0.0f, 0.1f, Float.NaN}) {
            float[] vector = new float[1000];
            Arrays.fill(vector, background);
            for (int i = 0; i < 100; i++) {
              vector[random.nextInt(1000)] = (float) random.nextGaussian();
            }
            assertThat(codes(Vector.sharing(vector))).isEqualTo("40");
            assertThat(size(Vector.sharing(vector))).isLessThan(100 * 32 / 8 + 110);
          }
        });
  }

  @Test
  void isTheNumbersForSparseNumbers() {
    Seeded.run(
        10,
        random -> {
          float[] vector = new float[784];
          for (int i = 200; i < 600; i++) {
            vector[i] = random.nextInt(2) * (1 + random.nextInt(255));
          }
          assertThat(codes(Vector.sharing(vector))).isEqualTo("43");
          assertThat(size(Vector.sharing(vector))).isLessThan(200 + 100 + 80);
        });
  }

  @Test
  void takesTheSizeOfTheFloatsForDoublesThatComeFromThem() {
    Seeded.run(
        10,
        random -> {
          float[] floats = scaledHalves(random, 600, 0.123);
          float[] noise = TestVectors.usual(random, ElementType.FLOAT32, 600).floats();
          double[] widened = new double[600];
          double[] printed = new double[600];
          double[] halves = new double[600];
          for (int i = 0; i < 600; i++) {
            widened[i] = floats[i];
            printed[i] = Double.parseDouble(Float.toString(noise[i]));
            halves[i] = Decimals.widen(half(noise[i]), Decimals.PRINTED_AS_HALF);
          }
          assertThat(codes(Vector.sharing(widened))).isEqualTo("52");
          // A shift counts for both data channels, so numbers of 11 bits take 12.
          assertThat(size(Vector.sharing(widened)))
              .isLessThanOrEqualTo(size(Vector.sharing(floats)) + 600 / 8 + 12);
          assertThat(codes(Vector.sharing(printed))).isEqualTo("50");
          assertThat(size(Vector.sharing(printed)))
              .isLessThanOrEqualTo(size(Vector.sharing(noise)) + 8);
          assertThat(size(Vector.sharing(halves))).isLessThan(600 * 15 / 8 + 70);
        });
  }

  @Test
  void printsAsJavaPrints() {
    Seeded.run(
        2000,
        random -> {
          float number = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(24) - 12));
          assertThat(Decimals.widen(number, Decimals.PRINTED))
              .isEqualTo(Double.parseDouble(Float.toString(number)));
        });
  }
}
