package io.sonidb.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A part of a collection, written `0/4` to `3/4`.
///
/// @param part from 0
/// @param parts how many there are
record Slice(int part, int parts) {

  private static final Pattern NOTATION = Pattern.compile("([0-9]{1,9})/([0-9]{1,9})");

  /// @throws IllegalArgumentException if the text is no such part
  static Slice parse(String text) {
    Matcher matcher = NOTATION.matcher(text);
    if (matcher.matches()) {
      int part = Integer.parseInt(matcher.group(1));
      int parts = Integer.parseInt(matcher.group(2));
      if (part < parts) {
        return new Slice(part, parts);
      }
    }
    throw new IllegalArgumentException(
        "slice must be i/n with i from 0 to n - 1, such as 0/4 to 3/4; was '" + text + "'");
  }
}
