package io.sonidb.file;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the part of Python's literal syntax that NumPy writes into `.npy` headers: dictionaries,
/// tuples, lists, strings without escapes, integers, `True` and `False`.
///
/// Values become [Map], [List], [String], [Long] and [Boolean].
final class PythonLiteral {

  private static final int MAX_DEPTH = 8;

  private final String text;
  private int next;

  private PythonLiteral(String text) {
    this.text = text;
  }

  /// @throws IllegalArgumentException if the text is no such literal; the message says where and
  ///   why
  static Object parse(String text) {
    PythonLiteral reader = new PythonLiteral(text);
    Object value = reader.value(0);
    reader.skipSpace();
    if (reader.next < text.length()) {
      throw reader.unexpected("the end");
    }
    return value;
  }

  private Object value(int depth) {
    if (depth > MAX_DEPTH) {
      throw unexpected("at most " + MAX_DEPTH + " levels");
    }
    char c = peek();
    return switch (c) {
      case '{' -> dictionary(depth);
      case '(' -> sequence(')', depth);
      case '[' -> sequence(']', depth);
      case '\'', '"' -> string(c);
      default -> c == '-' || Character.isDigit(c) ? integer() : bool();
    };
  }

  private Map<String, Object> dictionary(int depth) {
    Map<String, Object> entries = new LinkedHashMap<>();
    next++;
    while (peek() != '}') {
      if (!(value(depth + 1) instanceof String key)) {
        throw unexpected("a string as key");
      }
      expect(':');
      if (entries.put(key, value(depth + 1)) != null) {
        throw unexpected("each key once, '" + key + "' came twice");
      }
      separator('}');
    }
    next++;
    return entries;
  }

  private List<Object> sequence(char end, int depth) {
    List<Object> items = new ArrayList<>();
    next++;
    while (peek() != end) {
      items.add(value(depth + 1));
      separator(end);
    }
    next++;
    return items;
  }

  private String string(char quote) {
    int end = text.indexOf(quote, next + 1);
    if (end < 0) {
      throw unexpected("a closing " + quote);
    }
    String value = text.substring(next + 1, end);
    if (value.indexOf('\\') >= 0) {
      throw unexpected("a string without escapes");
    }
    next = end + 1;
    return value;
  }

  private Long integer() {
    int start = next++;
    while (next < text.length() && Character.isDigit(text.charAt(next))) {
      next++;
    }
    String digits = text.substring(start, next);
    if (next < text.length() && text.charAt(next) == 'L') {
      next++; // Python 2 wrote long integers so.
    }
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("the integer " + digits + " does not fit 64 bits", e);
    }
  }

  private Boolean bool() {
    for (String name : List.of("True", "False")) {
      if (text.startsWith(name, next)) {
        next += name.length();
        return name.equals("True");
      }
    }
    throw unexpected("a value");
  }

  private void separator(char end) {
    if (peek() != end) {
      expect(',');
    }
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw unexpected("'" + wanted + "'");
    }
    next++;
  }

  private char peek() {
    skipSpace();
    if (next == text.length()) {
      throw new IllegalArgumentException("it ends too early");
    }
    return text.charAt(next);
  }

  private void skipSpace() {
    while (next < text.length() && " \t\r\n".indexOf(text.charAt(next)) >= 0) {
      next++;
    }
  }

  private IllegalArgumentException unexpected(String wanted) {
    return new IllegalArgumentException("expected " + wanted + " at its character " + next);
  }
}
