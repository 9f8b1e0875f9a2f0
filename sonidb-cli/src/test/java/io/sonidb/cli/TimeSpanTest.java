package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeSpanTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "7", "d", "-1d", "1.5h", "1 h", "1H", "1h x", "1h30", "00", "٣s"})
  void rejectsWhatIsNoDuration(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimeSpan.parse(text))
        .withMessageContaining("'" + text + "'")
        .withMessageContaining("7d");
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999999999999w", "999999999999999999d999999999999999999d"})
  void rejectsDurationThatOverflows(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimeSpan.parse(text))
        .withMessageContaining("too long");
  }

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "0s, PT0S",
    "250ms, PT0.25S",
    "30s, PT30S",
    "15m, PT15M",
    "12h, PT12H",
    "7d, P7D",
    "2w, P14D",
    "1h30m, PT1H30M",
    "1d1d, P2D"
  })
  void readsNumbersWithUnits(String text, Duration duration) {
    assertThat(TimeSpan.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0s", "250ms", "90s", "1m30s", "7d", "36525d", "1d2h3m4s5ms"})
  void printsWhatItReadsAgain(String text) {
    Duration duration = TimeSpan.parse(text);
    assertThat(TimeSpan.parse(TimeSpan.text(duration))).isEqualTo(duration);
  }

  @Test
  void printsTheLargestUnitsFirst() {
    assertThat(TimeSpan.text(Duration.ofSeconds(90))).isEqualTo("1m30s");
    assertThat(TimeSpan.text(Duration.ofDays(14))).isEqualTo("14d");
    assertThat(TimeSpan.timeToLive(Duration.ZERO)).isEqualTo("never");
  }

  @Test
  void givesWholeSecondsAsWholeNumbers() {
    assertThat(TimeSpan.seconds(Duration.ofDays(7))).isEqualTo(604_800L);
    assertThat(TimeSpan.seconds(Duration.ofMillis(1500))).isEqualTo(1.5);
  }
}
