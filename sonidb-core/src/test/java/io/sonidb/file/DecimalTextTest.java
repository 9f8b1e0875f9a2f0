package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTextTest {

  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "1 ", "1f", "1d", "0x1p3", "--1", "1e", "e5", ".", "+", "1..2", "1,5", "١", "null",
        "nan ", "INF", "1_000"
      })
  void rejectsWhatIsNoDecimal(String text) {
    assertThatThrownBy(() -> DecimalText.float32(text)).hasMessageContaining("is no number");
    assertThatThrownBy(() -> DecimalText.float64(text)).hasMessageContaining("is no number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.5e38", "-1e39", "340282356779733661637539395458142568448"})
  void rejectsWhatOnlyFloat64Holds(String text) {
    assertThatThrownBy(() -> DecimalText.float32(text)).hasMessageContaining("beyond float32");
    assertThat(DecimalText.float64(text)).isEqualTo(Double.parseDouble(text));
    assertThatThrownBy(() -> DecimalText.float64("1e309")).hasMessageContaining("beyond float64");
  }

  @Test
  void roundsAsTheJdkDoes() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < 20_000; i++) {
      float low = Math.abs(Float.intBitsToFloat(random.nextInt()));
      if (!Float.isFinite(low) || low == Float.MAX_VALUE) {
        continue;
      }
      // Exactly halfway between two neighbours, and a hair beside it: the hardest decimals there
      // are.
      BigDecimal half =
          new BigDecimal(low).add(new BigDecimal(Math.nextUp(low))).divide(BigDecimal.TWO);
      BigDecimal hair = half.ulp().movePointLeft(20);
      for (BigDecimal decimal : new BigDecimal[] {half, half.add(hair), half.subtract(hair)}) {
        String text = decimal.toString();
        assertThat(DecimalText.float32(text))
            .as("%s, -Dsonidb.seed=%d", text, SEED)
            .isEqualTo(Float.parseFloat(text));
      }
      String wide = Double.toString(Double.longBitsToDouble(random.nextLong() & ~(1L << 62)));
      assertThat(DecimalText.float64(wide))
          .as("%s, -Dsonidb.seed=%d", wide, SEED)
          .isEqualTo(Double.parseDouble(wide));
    }
  }
}
