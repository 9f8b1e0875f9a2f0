package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {

  @ParameterizedTest
  @CsvSource({
    "0, '0'",
    "0.01234, '0.0123'",
    "1.2345, '1.23'",
    "12345.6, '12,346'",
    "-1.5, '-1.50'",
    "999.6, '1,000'",
    "Infinity, 'Infinity'",
    "1e-9, '0.000000'"
  })
  void printsThreeDigitsOrTheWholePart(double number, String text) {
    assertThat(Quantity.decimal(number)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, '0 B'", "999, '999 B'", "2070656, '2.07 MB'", "9223372036854775807, '9.22 EB'"})
  void printsBytesInDecimalUnits(long bytes, String text) {
    assertThat(Quantity.bytes(bytes)).isEqualTo(text);
  }

  @Test
  void countsOneAndMany() {
    assertThat(Quantity.count(1, "vector")).isEqualTo("1 vector");
    assertThat(Quantity.count(1234, "vector")).isEqualTo("1,234 vectors");
  }
}
