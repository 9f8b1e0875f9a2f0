package io.sonidb.filter;

import java.util.Arrays;
import java.util.Locale;

/// What an index of a payload's field knows of the values. Values of other types may be there; they
/// are found too, by reading the payloads that have them.
public enum FieldType {
  /// Strings, compared as a whole.
  KEYWORD,
  /// Whole numbers of 64 bits.
  INTEGER,
  /// Numbers.
  FLOAT,
  /// True and false.
  BOOLEAN,
  /// Times as in RFC 3339.
  DATETIME,
  /// Places: objects with `lon` and `lat`.
  GEO,
  /// UUIDs.
  UUID,
  /// The words of strings.
  TEXT;

  /// Reads a type's name, in any case; `bool` is [#BOOLEAN].
  ///
  /// @throws IllegalArgumentException naming the types there are
  public static FieldType parse(String name) {
    return Arrays.stream(values())
        .filter(
            type -> type.name().equalsIgnoreCase(name.equalsIgnoreCase("bool") ? "boolean" : name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "type must be keyword, integer, float, boolean, datetime, geo, uuid or text, was '"
                    + name
                    + "'"));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
