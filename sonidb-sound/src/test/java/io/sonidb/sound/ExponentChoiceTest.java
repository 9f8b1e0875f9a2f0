package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.TestVectors.Bits;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExponentChoiceTest {
  /// What the header adds to the marker channel, in the reckoning of the choice.
  private static final int HEADER_SAMPLES = 10;

  /// The bits of the marker channel and of the far list under one choice, counted one by one.
  private static long bits(
      int[] exponents, int most, int order, int reference, int zero, boolean far) {
    short[] ranks = ExponentOrders.ranks(order, most);
    int farBits = most == 255 ? 8 : 16;
    long best = Long.MAX_VALUE;
    for (int k = 0; k < 13; k++) {
      long bits = (long) (k + 1) * HEADER_SAMPLES;
      long listed = 0;
      for (int exponent : exponents) {
        int rank = ranks[exponent - reference + most];
        if (zero >= 0) {
          rank = exponent == 0 ? zero : rank >= zero ? rank + 1 : rank;
        }
        if (far && rank >= 12) {
          rank = 12;
          listed++;
        }
        bits += (rank >> k) + k + 1;
      }
      if (listed > 255 || (far && listed == 0)) {
        continue;
      }
      long list = far ? 8 + listed * farBits : 0;
      best = Math.min(best, bits + list + list * (k + 1) / 24);
    }
    return best;
  }

  private static int[] exponents(Vector vector) {
    int[] exponents = new int[vector.dimension()];
    for (int i = 0; i < exponents.length; i++) {
      exponents[i] =
          vector.elementType() == ElementType.FLOAT32
              ? Float.floatToRawIntBits(vector.floatAt(i)) >>> 23 & 0xFF
              : (int) (Double.doubleToRawLongBits(vector.doubleAt(i)) >>> 52) & 0x7FF;
    }
    return exponents;
  }

  private static int mode(int[] exponents) {
    int[] counts = new int[2048];
    for (int exponent : exponents) {
      counts[exponent]++;
    }
    int mode = 0;
    for (int i = 1; i < counts.length; i++) {
      if (counts[i] > (mode == 0 ? 0 : counts[mode])) {
        mode = i;
      }
    }
    return mode;
  }

  @ParameterizedTest
  @EnumSource
  void isTheCheapestOfAll(ElementType element) {
    int most = element == ElementType.FLOAT32 ? 255 : 2047;
    ExponentChoice choice = new ExponentChoice(element);
    Seeded.run(
        30,
        random -> {
          Bits[] all = Bits.values();
          Bits bits = all[random.nextInt(all.length)];
          Vector vector = TestVectors.hostile(random, element, 1 + random.nextInt(300), bits);
          choose(choice, vector);
          int[] exponents = exponents(vector);
          boolean zeros = Arrays.stream(exponents).anyMatch(e -> e == 0);
          long best = Long.MAX_VALUE;
          int mode = mode(exponents);
          for (int reference = Math.max(0, mode - 2);
              reference <= Math.min(most, mode + 2);
              reference++) {
            for (int order = 0; order < ExponentOrders.COUNT; order++) {
              for (int zero = -1; zero <= (zeros ? 2 : -1); zero++) {
                best = Math.min(best, bits(exponents, most, order, reference, zero, false));
                best = Math.min(best, bits(exponents, most, order, reference, zero, true));
              }
            }
          }
          long chosen =
              bits(
                  exponents,
                  most,
                  choice.order(),
                  choice.reference(),
                  choice.zeroRank(),
                  choice.far());
          assertThat(chosen).as("%s of %d", bits, vector.dimension()).isEqualTo(best);
        });
  }

  private static void choose(ExponentChoice choice, float[] vector) {
    choice.choose(vector, new int[vector.length]);
  }

  private static void choose(ExponentChoice choice, Vector vector) {
    if (vector.elementType() == ElementType.FLOAT32) {
      choose(choice, vector.floats());
    } else {
      choice.choose(vector.doubles());
    }
  }

  @Test
  void listsExponentsThatWouldBeLongRuns() {
    float[] vector = new float[768];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = 0.01f * (1 + i % 7);
    }
    vector[100] = 1e-33f;
    vector[300] = 3e-33f;
    ExponentChoice choice = new ExponentChoice(ElementType.FLOAT32);
    choose(choice, vector);
    assertThat(choice.far()).isTrue();
    assertThat(choice.farCount()).isEqualTo(2);
    assertThat(choice.farExponents()).startsWith(17, 18);
  }

  @Test
  void givesZerosARankOfTheirOwn() {
    float[] vector = new float[100];
    vector[7] = 1;
    ExponentChoice choice = new ExponentChoice(ElementType.FLOAT32);
    choose(choice, vector);
    assertThat(choice.zeroRank()).isZero();
  }
}
