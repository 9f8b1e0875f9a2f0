package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressBarTest {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong(5);

  @Test
  void printsNothingWhereNobodySeesIt() {
    try (ProgressBar bar = bar(false)) {
      nanos.addAndGet(1_000_000_000);
      bar.update(1, 2, "vectors");
    }
    assertThat(text()).isEmpty();
  }

  @Test
  void showsShareRateAndTimeLeft() {
    ProgressBar bar = bar(true);
    nanos.addAndGet(10_000_000_000L);
    bar.update(250_000, 1_000_000, "vectors");
    assertThat(text())
        .isEqualTo(
            "\r\033[Kinsert  25 % [#####...............]  250,000 of 1,000,000 vectors  25,000/s  0:30 left");
    bar.close();
    assertThat(text()).endsWith("\r\033[K");
  }

  @Test
  void showsCountAndRateWhenTheEndIsUnknown() {
    ProgressBar bar = bar(true);
    nanos.addAndGet(2_000_000_000);
    bar.update(5000, 0, "records");
    assertThat(text()).endsWith("insert  5,000 records  2,500/s");
  }

  @Test
  void showsBytesForPeopleAndCountsEachPartOfTheWorkByItself() {
    ProgressBar bar = bar(true);
    nanos.addAndGet(8_000_000_000L);
    bar.update(0, 0, "");
    assertThat(text()).endsWith("insert  beginning ...  0:08");
    nanos.addAndGet(1_000_000_000);
    bar.update(5_000_000, 20_000_000, "bytes");
    assertThat(text())
        .endsWith("insert  25 % [#####...............]  5.00 MB of 20.0 MB  5.00 MB/s  0:03 left");
    nanos.addAndGet(3_000_000_000L);
    bar.update(0, 0, "waiting for sonidb://b");
    assertThat(text()).endsWith("insert  waiting for sonidb://b ...  0:03");
  }

  @Test
  void printsTenTimesASecondAtMost() {
    ProgressBar bar = bar(true);
    for (int i = 1; i <= 1000; i++) {
      nanos.addAndGet(1_000_000);
      bar.update(i, 1000, "vectors");
    }
    assertThat(text().split("\r")).hasSize(11);
  }

  private ProgressBar bar(boolean shown) {
    return new ProgressBar(
        "insert", new PrintStream(err, true, StandardCharsets.UTF_8), shown, nanos::get);
  }

  private String text() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
