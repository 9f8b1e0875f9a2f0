package io.sonidb.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("compiled")
class FloatTextTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());

  private static String print(float value) {
    byte[] to = new byte[FloatText.ROOM + 1];
    return new String(to, 1, FloatText.write(value, to, 1) - 1, StandardCharsets.US_ASCII);
  }

  private static void check(int bits) {
    float value = Float.intBitsToFloat(bits);
    if (Float.isFinite(value) && !print(value).equals(Float.toString(value))) {
      assertThat(print(value))
          .as("bits %08x, seed %d", bits, SEED)
          .isEqualTo(Float.toString(value));
    }
  }

  @Test
  void printsAsJavaDoesWhateverTheBits() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 2_000_000; i++) {
      check(random.nextInt());
      check(Float.floatToRawIntBits((float) random.nextGaussian()));
    }
    for (int exponent = 0; exponent < 255; exponent++) {
      for (int near = -40; near <= 40; near++) {
        check((exponent << 23) + near);
      }
    }
    for (int whole = 0; whole < 100_000; whole++) {
      check(Float.floatToRawIntBits(whole));
      check(Float.floatToRawIntBits(whole / 1000f));
      check(Float.floatToRawIntBits(whole * 1e6f));
      check(whole); // subnormal
    }
  }

  @Test
  void printsWhatDecimalsCannotSayAsStrings() {
    assertThat(print(Float.NaN)).isEqualTo("\"NaN\"");
    assertThat(print(Float.POSITIVE_INFINITY)).isEqualTo("\"Infinity\"");
    assertThat(print(Float.NEGATIVE_INFINITY)).isEqualTo("\"-Infinity\"");
    assertThat(print(-0.0f)).isEqualTo("-0.0");
  }

  @Test
  void readsNoDecimalWrong() {
    SplittableRandom random = new SplittableRandom(SEED);
    int known = 0;
    for (int i = 0; i < 1_000_000; i++) {
      long digits = random.nextLong(1L << random.nextInt(1, 60));
      int exponent = random.nextInt(-65, 45);
      float read = FloatText.read(digits, exponent);
      if (!Float.isNaN(read)) {
        known++;
        checkRead(read, digits + "e" + exponent);
      }
    }
    assertThat(known).isGreaterThan(400_000);
  }

  @Test
  void readsNoDecimalNearTheMiddleOfTwoNumbersWrong() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 3_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt(0x2000_0000, 0x5000_0000));
      BigDecimal middle = rounded((value + (double) Math.nextUp(value)) / 2);
      long digits = middle.unscaledValue().longValueExact();
      for (long near = digits - 3; near <= digits + 3; near++) {
        float read = FloatText.read(near, -middle.scale());
        if (!Float.isNaN(read)) {
          checkRead(read, near + "e" + -middle.scale());
        }
      }
    }
  }

  private static BigDecimal rounded(double value) {
    return new BigDecimal(value).round(new MathContext(17));
  }

  private static void checkRead(float read, String text) {
    if (read != Float.parseFloat(text)) {
      assertThat(read).as("%s, seed %d", text, SEED).isEqualTo(Float.parseFloat(text));
    }
  }

  @Test
  void readsWhatPythonPrintsOfFloat32Numbers() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 50_000; i++) {
      float value = Math.abs((float) random.nextGaussian(0, 0.05));
      BigDecimal decimal = rounded(value);
      long digits = decimal.unscaledValue().longValueExact();
      assertThat(FloatText.read(digits, -decimal.scale())).as("seed %d", SEED).isEqualTo(value);
    }
  }
}
