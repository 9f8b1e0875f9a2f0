package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class QuantisationTest {
  /// What a random vector's components are like.
  enum Shape {
    NORMAL,
    EVEN,
    HEAVY_TAILED,
    OUTLIERS,
    SPARSE,
    INTEGERS,
    SIGNS,
    CONSTANT,
    SUBNORMAL,
    HUGE,
    MIXED;

    float component(RandomGenerator random, int i, float scale) {
      return switch (this) {
        case NORMAL -> (float) random.nextGaussian() * scale;
        case EVEN -> (random.nextFloat() * 2 - 1) * scale;
        case HEAVY_TAILED -> (float) Math.pow(random.nextGaussian(), 5) * scale;
        case OUTLIERS -> (float) random.nextGaussian() * scale * (i % 97 == 3 ? 100 : 1);
        case SPARSE -> random.nextInt(10) == 0 ? (float) random.nextGaussian() * scale : -0.0f;
        case INTEGERS -> random.nextInt(-100, 101) * scale;
        case SIGNS -> random.nextBoolean() ? scale : -scale;
        case CONSTANT -> scale;
        case SUBNORMAL -> Float.intBitsToFloat(random.nextInt(1 << 23));
        case HUGE -> Float.intBitsToFloat(0x7F7FFFFF - random.nextInt(1 << 25));
        case MIXED -> {
          float any = Float.intBitsToFloat(random.nextInt());
          yield Float.isFinite(any) ? any : 0;
        }
      };
    }
  }

  private static float[] components(RandomGenerator random, Shape shape, int dimension) {
    float scale = (float) Math.scalb(random.nextDouble(1, 2), random.nextInt(-100, 100));
    float[] components = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      components[i] = shape.component(random, i, scale);
      components[i] = Float.isFinite(components[i]) ? components[i] : Float.MAX_VALUE;
    }
    return components;
  }

  private static Vector vector(RandomGenerator random, Shape shape) {
    int dimension = 1 << random.nextInt(11) | random.nextInt(100);
    return Vector.sharing(components(random, shape, dimension));
  }

  private static Quantisation any(RandomGenerator random) {
    List<Quantisation> all = List.of(Quantisation.values());
    return all.get(random.nextInt(1, all.size()));
  }

  private static double rms(Vector vector) {
    return Math.sqrt(Arrays.stream(doubles(vector)).map(x -> x * x).sum() / vector.dimension());
  }

  private static double[] doubles(Vector vector) {
    double[] doubles = new double[vector.dimension()];
    Arrays.setAll(doubles, vector::doubleAt);
    return doubles;
  }

  @ParameterizedTest
  @EnumSource
  void movesNoComponentByMoreThanHalfTheStep(Shape shape) {
    Seeded.run(
        100,
        random -> {
          Vector exact = vector(random, shape);
          Vector rounded = any(random).round(exact);
          for (int i = 0; i < exact.dimension(); i++) {
            double moved = Math.abs(exact.doubleAt(i) - rounded.doubleAt(i));
            assertThat(moved).isLessThanOrEqualTo(rounded.step() / 2 * (1 + 1e-12));
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void changesNoBitOfWhatWasRoundedBefore(Shape shape) {
    Seeded.run(
        200,
        random -> {
          Quantisation quantize = any(random);
          Vector once = quantize.round(vector(random, shape));
          Vector twice = quantize.round(once);
          assertThat(twice).isEqualTo(once);
        });
  }

  @ParameterizedTest
  @EnumSource
  void changesNoBitOfWhatFewerBitsHold(Shape shape) {
    Seeded.run(
        100,
        random -> {
          Vector coarse = Quantisation.BITS_4.round(vector(random, shape));
          if (coarse.step() > 0) { // else it is at the edge of what floats can be
            assertThat(Quantisation.BITS_8.round(coarse)).isEqualTo(coarse);
            assertThat(Quantisation.BITS_5.round(coarse)).isEqualTo(coarse);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void givesSmallMultiplesOfTheStep(Shape shape) {
    Seeded.run(
        60,
        random -> {
          Vector rounded = any(random).round(vector(random, shape));
          for (double component : doubles(rounded)) {
            if (rounded.step() > 0) {
              double number = component / rounded.step();
              assertThat(number).isEqualTo(Math.rint(number));
              assertThat(Math.abs(number)).isLessThan(1 << 14);
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void takesTheStepFromTheSpreadAndNotFromTheLargest(Quantisation quantize) {
    Seeded.run(
        50,
        random -> {
          Vector exact = Vector.sharing(components(random, Shape.OUTLIERS, 1536));
          double steps = rms(exact) / quantize.round(exact).step();
          double wanted = 1.7 * Math.scalb(1.0, quantize.bits() - 3);
          assertThat(steps).isBetween(wanted / (1 + 1.0 / 16), wanted);
        });
  }

  @Test
  void takesTheFinerStepOfTheLargestWhereComponentsAreSpreadEvenly() {
    Seeded.run(
        50,
        random -> {
          Vector exact = Vector.sharing(components(random, Shape.EVEN, 1024));
          double largest = Arrays.stream(doubles(exact)).map(Math::abs).max().orElseThrow();
          double step = Quantisation.BITS_4.round(exact).step();
          assertThat(largest / step).isBetween(7.5 / (1 + 1.0 / 16), 7.5);
        });
  }

  @ParameterizedTest
  @EnumSource(
      value = Shape.class,
      names = {"SIGNS", "CONSTANT"})
  void storesWhatLiesOnACoarseGridExactly(Shape shape) {
    Seeded.run(
        50,
        random -> {
          Vector exact = vector(random, shape);
          assertThat(any(random).round(exact)).isEqualTo(exact);
        });
  }

  @Test
  void storesBytesExactlyInEightBits() {
    Seeded.run(
        50,
        random -> {
          float[] bytes = new float[128];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = random.nextInt(-128, 128);
          }
          Vector exact = Vector.sharing(bytes);
          assertThat(Quantisation.BITS_8.round(exact)).isEqualTo(exact);
        });
  }

  @Test
  void takesTheSignFromZero() {
    Vector rounded = Quantisation.BITS_8.round(Vector.of(-0.0f, 1f, -1e-9f, 0.73f));
    assertThat(Float.floatToRawIntBits(rounded.floatAt(0))).isZero();
    assertThat(Float.floatToRawIntBits(rounded.floatAt(2))).isZero();
    assertThat(Quantisation.BITS_4.round(Vector.of(-0.0f, 0f))).isEqualTo(Vector.of(0f, 0f));
  }

  @Test
  void storesExactlyWhatWouldPassTheLargestFloat() {
    Vector exact = Vector.of(Float.MAX_VALUE, 1.234e38f, 3.3e38f);
    Vector rounded = Quantisation.BITS_4.round(exact);
    for (double component : doubles(rounded)) {
      assertThat(component).isFinite();
    }
    assertThat(rounded.doubleAt(1)).isCloseTo(1.234e38, within(rms(exact) / 7));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesWhatIsNotFiniteAndNamesIt(float component) {
    assertThatThrownBy(() -> Quantisation.BITS_6.round(Vector.of(1f, 2f, component, 4f)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("component 2")
        .hasMessageContaining(Float.toString(component));
  }

  @Test
  void roundsNothingWhenThereAreNoBits() {
    Vector exact = Vector.of(Float.NaN, -0.0f, 0.1f);
    assertThat(Quantisation.NONE.round(exact)).isSameAs(exact);
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "0", "16", "", "five", "-4"})
  void namesWhatThereIsToChoose(String name) {
    assertThatThrownBy(() -> Quantisation.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("8, 6, 5 or 4");
  }

  @ParameterizedTest
  @EnumSource
  void readsItsOwnName(Quantisation quantize) {
    assertThat(Quantisation.parse(quantize.toString())).isEqualTo(quantize);
  }
}
