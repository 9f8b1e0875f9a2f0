package io.sonidb.filter;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Times as text, as in RFC 3339: `2026-02-08T10:49:00Z`, `2026-02-08T10:49:00.25+01:00`. As in
/// Qdrant seconds, the time of day and the offset may be left out: a time without offset is UTC, a
/// day is its beginning.
public final class TimeText {
  private static final int MAX_LENGTH = 64;
  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("9999-12-31T23:59:59Z").plusSeconds(1);
  private static final Pattern FORM =
      Pattern.compile(
          "(\\d{4})-(\\d\\d)-(\\d\\d)"
              + "(?:[Tt ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d+))?)?"
              + "(?:[Zz]|([+-])(\\d\\d):?(\\d\\d)?)?)?");

  private TimeText() {}

  /// The time that a text spells; none if it spells none, or one that is not in the years 0 to 9999
  /// of UTC.
  ///
  /// @return to the nanosecond; what is finer is cut
  public static Optional<Instant> parse(String text) {
    if (text.length() > MAX_LENGTH || text.length() < 10 || text.charAt(4) != '-') {
      return Optional.empty();
    }
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    try {
      LocalDateTime local =
          LocalDateTime.of(
              number(parts, 1),
              number(parts, 2),
              number(parts, 3),
              number(parts, 4),
              number(parts, 5),
              number(parts, 6),
              nanos(parts.group(7)));
      Instant time = local.toInstant(offset(parts));
      return time.isBefore(FIRST) || !time.isBefore(END) ? Optional.empty() : Optional.of(time);
    } catch (DateTimeException noSuchTime) {
      return Optional.empty();
    }
  }

  private static int number(Matcher parts, int group) {
    String digits = parts.group(group);
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  private static int nanos(@Nullable String fraction) {
    return fraction == null ? 0 : Integer.parseInt((fraction + "000000000").substring(0, 9));
  }

  private static ZoneOffset offset(Matcher parts) {
    int minutes = number(parts, 9) * 60 + number(parts, 10);
    return ZoneOffset.ofTotalSeconds(("-".equals(parts.group(8)) ? -minutes : minutes) * 60);
  }
}
