package io.sonidb.cli;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Durations as people write them: `30s`, `15m`, `1h30m`, `7d`.
final class TimeSpan {

  private static final Pattern PART = Pattern.compile("([0-9]{1,18})(ms|s|m|h|d|w)");
  private static final Map<String, Duration> UNITS = units();

  private TimeSpan() {}

  private static Map<String, Duration> units() {
    Map<String, Duration> units = new LinkedHashMap<>();
    units.put("w", Duration.ofDays(7));
    units.put("d", Duration.ofDays(1));
    units.put("h", Duration.ofHours(1));
    units.put("m", Duration.ofMinutes(1));
    units.put("s", Duration.ofSeconds(1));
    units.put("ms", Duration.ofMillis(1));
    return units;
  }

  /// The sum of one or more numbers with a unit each; a plain `0` needs none.
  ///
  /// @throws IllegalArgumentException if the text is anything else
  static Duration parse(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    Duration sum = Duration.ZERO;
    Matcher part = PART.matcher(text);
    int end = 0;
    try {
      while (end < text.length() && part.find(end) && part.start() == end) {
        Duration unit = UNITS.getOrDefault(part.group(2), Duration.ZERO);
        sum = sum.plus(unit.multipliedBy(Long.parseLong(part.group(1))));
        end = part.end();
      }
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("duration '" + text + "' is too long", e);
    }
    if (end < text.length() || text.isEmpty()) {
      throw new IllegalArgumentException(
          "duration must be a number with ms, s, m, h, d or w, such as 90s, 1h30m or 7d; was '"
              + text
              + "'");
    }
    return sum;
  }

  /// The shortest text that [#parse] reads as this duration, to the millisecond.
  static String text(Duration duration) {
    StringBuilder text = new StringBuilder();
    long left = duration.toMillis();
    for (Map.Entry<String, Duration> unit : UNITS.entrySet()) {
      long millis = unit.getValue().toMillis();
      // Nobody counts retention in weeks unless told so.
      if (left >= millis && !unit.getKey().equals("w")) {
        text.append(left / millis).append(unit.getKey());
        left %= millis;
      }
    }
    return text.isEmpty() ? "0s" : text.toString();
  }

  /// The same for a time to live, of which zero stands for ever.
  static String timeToLive(Duration duration) {
    return duration.isZero() ? "never" : text(duration);
  }

  /// Seconds as a JSON number, whole where they are.
  static Object seconds(Duration duration) {
    boolean whole = duration.toMillisPart() == 0;
    return whole ? (Object) duration.toSeconds() : (Object) (duration.toMillis() / 1000.0);
  }
}
