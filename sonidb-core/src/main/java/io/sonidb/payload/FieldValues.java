package io.sonidb.payload;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldPath.Step;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/// The values that a path leads to in a payload.
public final class FieldValues {
  private FieldValues() {}

  /// Hands every value to a consumer, an array as one.
  public static void forEach(JsonNode payload, FieldPath path, Consumer<JsonNode> consumer) {
    any(
        payload,
        path,
        value -> {
          consumer.accept(value);
          return false;
        });
  }

  /// Hands every value to a consumer, of an array its elements.
  public static void forEachElement(JsonNode payload, FieldPath path, Consumer<JsonNode> consumer) {
    forEach(
        payload,
        path,
        value -> {
          if (value.isArray()) {
            value.forEach(consumer);
          } else {
            consumer.accept(value);
          }
        });
  }

  /// Whether any value, an array taken as one, fulfils a test.
  static boolean any(JsonNode payload, FieldPath path, Predicate<JsonNode> test) {
    return any(payload, path.steps(), 0, test);
  }

  private static boolean any(JsonNode value, List<Step> steps, int at, Predicate<JsonNode> test) {
    if (value.isMissingNode()) {
      return false;
    }
    if (at == steps.size()) {
      return test.test(value);
    }
    return switch (steps.get(at)) {
      case Step.Key(String name) -> value.isObject() && any(value.path(name), steps, at + 1, test);
      case Step.Index(int index) -> value.isArray() && any(value.path(index), steps, at + 1, test);
      case Step.Each _ -> {
        boolean found = false;
        for (int i = 0; value.isArray() && i < value.size() && !found; i++) {
          found = any(value.path(i), steps, at + 1, test);
        }
        yield found;
      }
    };
  }
}
