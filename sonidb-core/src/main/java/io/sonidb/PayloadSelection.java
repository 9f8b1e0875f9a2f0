package io.sonidb;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldPath.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What of a payload is wanted.
///
/// @param kind whether the paths are what is wanted, or what is not
/// @param paths fields of the payload
public record PayloadSelection(Kind kind, List<FieldPath> paths) {
  /// The whole payload.
  public static final PayloadSelection ALL = new PayloadSelection(Kind.EXCLUDE, List.of());

  /// Nothing of it.
  public static final PayloadSelection NONE = new PayloadSelection(Kind.INCLUDE, List.of());

  /// What the paths are.
  public enum Kind {
    /// Nothing else is wanted.
    INCLUDE,
    /// Everything else is wanted.
    EXCLUDE
  }

  /// Copies the paths.
  public PayloadSelection {
    paths = List.copyOf(paths);
  }

  /// Only these fields.
  ///
  /// @param paths as [FieldPath] has them
  public static PayloadSelection include(String... paths) {
    return new PayloadSelection(
        Kind.INCLUDE, List.of(paths).stream().map(FieldPath::parse).toList());
  }

  /// All but these fields.
  ///
  /// @param paths as [FieldPath] has them
  public static PayloadSelection exclude(String... paths) {
    return new PayloadSelection(
        Kind.EXCLUDE, List.of(paths).stream().map(FieldPath::parse).toList());
  }

  /// What is wanted of a payload.
  Payload of(Payload payload) {
    if (equals(ALL) || payload.isEmpty()) {
      return payload;
    }
    if (paths.isEmpty() || !(payload.tree() instanceof ObjectNode object)) {
      return Payload.EMPTY;
    }
    List<List<Step>> ways = paths.stream().map(FieldPath::steps).toList();
    return Payload.ofTree((ObjectNode) part(object, ways));
  }

  private JsonNode part(JsonNode node, List<List<Step>> ways) {
    if (node.isObject()) {
      ObjectNode part = JsonNodeFactory.instance.objectNode();
      for (Map.Entry<String, JsonNode> each : node.properties()) {
        add(
            each.getValue(),
            further(ways, new Step.Key(each.getKey())),
            value -> part.set(each.getKey(), value));
      }
      return part;
    }
    ArrayNode part = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < node.size(); i++) {
      List<List<Step>> inner = new ArrayList<>(further(ways, new Step.Each()));
      inner.addAll(further(ways, new Step.Index(i)));
      add(node.get(i), inner, part::add);
    }
    return part;
  }

  /// What is left of the ways that begin with a step.
  private static List<List<Step>> further(List<List<Step>> ways, Step step) {
    return ways.stream()
        .filter(way -> way.getFirst().equals(step))
        .map(way -> way.subList(1, way.size()))
        .toList();
  }

  @FunctionalInterface
  private interface Taking {
    void take(JsonNode value);
  }

  private void add(JsonNode value, List<List<Step>> ways, Taking taking) {
    boolean isMeant = ways.stream().anyMatch(List::isEmpty);
    boolean goesOn = !ways.isEmpty() && !isMeant && (value.isObject() || value.isArray());
    if (goesOn) {
      taking.take(part(value, ways));
    } else if (isMeant == (kind == Kind.INCLUDE)) {
      taking.take(value);
    }
  }
}
