package io.sonidb.filter;

import java.util.ArrayList;
import java.util.List;

/// Leads to values in a payload: `color`, `owner.name`, `tags[]`, `cities[].population`, `grid[0]`.
///
/// A key with a dot, a bracket or nothing in it stands in double quotes: `"a.b".c`. Where the way
/// leads through `[]` there may be several values. An array at the end of the way is one value;
/// most conditions then look at its elements.
///
/// @param steps from the outside in; the first one is a key
public record FieldPath(List<Step> steps) implements Comparable<FieldPath> {
  /// Most steps.
  public static final int MAX_STEPS = 32;

  /// Most characters.
  public static final int MAX_LENGTH = 1024;

  /// One step.
  public sealed interface Step {
    /// To the value of a key of an object.
    ///
    /// @param name the key
    record Key(String name) implements Step {}

    /// To one element of an array.
    ///
    /// @param index from 0
    record Index(int index) implements Step {}

    /// To every element of an array.
    record Each() implements Step {}
  }

  /// Checks that it begins with a key and is not too long.
  ///
  /// @throws IllegalArgumentException if it does not, or is
  public FieldPath {
    steps = List.copyOf(steps);
    if (steps.isEmpty() || !(steps.getFirst() instanceof Step.Key)) {
      throw new IllegalArgumentException("a field's path must begin with a key");
    }
    if (steps.size() > MAX_STEPS) {
      throw new IllegalArgumentException(
          "a field's path must have at most " + MAX_STEPS + " steps, had " + steps.size());
    }
  }

  /// Reads a path.
  ///
  /// @throws IllegalArgumentException if it is none; the message has the text
  public static FieldPath parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a field's path must have at most " + MAX_LENGTH + " characters, had " + text.length());
    }
    return new FieldPath(new Parser(text).steps());
  }

  /// This path, and from each element of the array there (of each object there, if it is no array)
  /// another one.
  public FieldPath each(FieldPath inner) {
    List<Step> all = new ArrayList<>(steps);
    if (!(all.getLast() instanceof Step.Each)) {
      all.add(new Step.Each());
    }
    all.addAll(inner.steps);
    return new FieldPath(all);
  }

  /// This path with `[]` at its end.
  public FieldPath each() {
    if (steps.getLast() instanceof Step.Each) {
      return this;
    }
    List<Step> all = new ArrayList<>(steps);
    all.add(new Step.Each());
    return new FieldPath(all);
  }

  /// This path without `[]` at its end: for most conditions that is the same.
  public FieldPath withoutEach() {
    return steps.getLast() instanceof Step.Each && steps.size() > 1
        ? new FieldPath(steps.subList(0, steps.size() - 1))
        : this;
  }

  @Override
  public int compareTo(FieldPath other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Step step : steps) {
      switch (step) {
        case Step.Key(String name) -> {
          if (!text.isEmpty()) {
            text.append('.');
          }
          text.append(isPlain(name) ? name : '"' + name + '"');
        }
        case Step.Index(int index) -> text.append('[').append(index).append(']');
        case Step.Each _ -> text.append("[]");
      }
    }
    return text.toString();
  }

  private static boolean isPlain(String name) {
    return !name.isEmpty() && name.chars().noneMatch(c -> ".[]\"".indexOf(c) >= 0);
  }

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    List<Step> steps() {
      List<Step> steps = new ArrayList<>();
      steps.add(key());
      while (at < text.length()) {
        char next = text.charAt(at);
        if (next == '.') {
          at++;
          steps.add(key());
        } else if (next == '[') {
          steps.add(inBrackets());
        } else {
          throw wrong();
        }
      }
      return steps;
    }

    private Step key() {
      if (at < text.length() && text.charAt(at) == '"') {
        int end = text.indexOf('"', at + 1);
        if (end < 0) {
          throw wrong();
        }
        String name = text.substring(at + 1, end);
        at = end + 1;
        return new Step.Key(name);
      }
      int start = at;
      while (at < text.length() && ".[]\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      if (at == start) {
        throw wrong();
      }
      return new Step.Key(text.substring(start, at));
    }

    private Step inBrackets() {
      int end = text.indexOf(']', at);
      if (end < 0) {
        throw wrong();
      }
      String inside = text.substring(at + 1, end);
      at = end + 1;
      if (inside.isEmpty()) {
        return new Step.Each();
      }
      if (inside.length() > 9 || !inside.chars().allMatch(c -> c >= '0' && c <= '9')) {
        at = end;
        throw wrong();
      }
      return new Step.Index(Integer.parseInt(inside));
    }

    private IllegalArgumentException wrong() {
      return new IllegalArgumentException(
          "a field's path must be like a.b, a[].b or a[0], was '"
              + text
              + "', which is wrong at character "
              + (at + 1));
    }
  }
}
