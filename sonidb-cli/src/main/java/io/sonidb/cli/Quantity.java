package io.sonidb.cli;

import java.util.Locale;

/// Numbers as people read them.
final class Quantity {

  private static final String[] BYTE_UNITS = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

  private Quantity() {}

  /// `1,234,567`.
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /// `1 vector`, `2 vectors`.
  static String count(long number, String thing) {
    return count(number) + " " + thing + (number == 1 ? "" : "s");
  }

  /// Three significant digits or the whole part: `0.0123`, `1.23`, `12,346`.
  static String decimal(double number) {
    if (number == 0 || !Double.isFinite(number)) {
      return number == 0 ? "0" : Double.toString(number);
    }
    int whole = (int) Math.floor(Math.log10(Math.abs(number))) + 1;
    int places = Math.clamp(3L - whole, 0, 6);
    return String.format(Locale.ROOT, "%,." + places + "f", number);
  }

  /// Decimal units: `2.07 MB`.
  static String bytes(long bytes) {
    double scaled = bytes;
    int unit = 0;
    while (scaled >= 1000 && unit < BYTE_UNITS.length - 1) {
      scaled /= 1000;
      unit++;
    }
    return (unit == 0 ? Long.toString(bytes) : decimal(scaled)) + " " + BYTE_UNITS[unit];
  }
}
