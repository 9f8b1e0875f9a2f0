package io.sonidb.file;

import java.util.Optional;
import java.util.function.Function;
import tools.jackson.core.io.NumberInput;

/// Numbers as text: decimals, and the words for what decimals cannot say.
///
/// A decimal becomes the float32 or float64 nearest to it, in one rounding: going through float64
/// to float32 would round twice and miss by one unit in the last place now and then. Printing gives
/// the shortest decimal that comes back with the same bits. NaNs all print as `NaN`; their payload
/// bits are lost.
final class DecimalText {

  private DecimalText() {}

  /// @throws IllegalArgumentException if the text is no number, or lies beyond float32
  static float float32(String text) {
    Optional<Double> special = special(text);
    if (special.isPresent()) {
      return special.get().floatValue();
    }
    checkDecimal(text);
    float value = parse(text, t -> NumberInput.parseFloat(t, true));
    checkFinite(Float.isFinite(value), text, "float32");
    return value;
  }

  /// @throws IllegalArgumentException if the text is no number, or lies beyond float64
  static double float64(String text) {
    Optional<Double> special = special(text);
    if (special.isPresent()) {
      return special.get();
    }
    checkDecimal(text);
    double value = parse(text, t -> NumberInput.parseDouble(t, true));
    checkFinite(Double.isFinite(value), text, "float64");
    return value;
  }

  /// The value of `NaN`, `Infinity` and `-Infinity`, and of NumPy's `nan`, `inf` and `-inf`.
  static Optional<Double> special(String text) {
    return switch (text) {
      case "NaN", "nan" -> Optional.of(Double.NaN);
      case "Infinity", "inf" -> Optional.of(Double.POSITIVE_INFINITY);
      case "-Infinity", "-inf" -> Optional.of(Double.NEGATIVE_INFINITY);
      default -> Optional.empty();
    };
  }

  /// Java's own parsers also take `1f`, `0x1p3` and blanks around a number; files must not have
  /// these.
  private static void checkDecimal(String text) {
    boolean digit = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      digit |= c >= '0' && c <= '9';
      if ((c < '0' || c > '9') && "+-.eE".indexOf(c) < 0) {
        throw noNumber(text);
      }
    }
    if (!digit) {
      throw noNumber(text);
    }
  }

  private static <T> T parse(String text, Function<String, T> parser) {
    try {
      return parser.apply(text);
    } catch (NumberFormatException e) {
      throw noNumber(text);
    }
  }

  private static NumberFormatException noNumber(String text) {
    return new NumberFormatException("\"" + shortened(text) + "\" is no number");
  }

  private static void checkFinite(boolean finite, String text, String type) {
    if (!finite) {
      throw new IllegalArgumentException(
          shortened(text) + " is beyond " + type + "; write Infinity if that is meant");
    }
  }

  /// The text, or its start where it is long, for messages.
  static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}
