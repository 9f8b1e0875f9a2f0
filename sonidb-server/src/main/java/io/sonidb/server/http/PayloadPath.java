package io.sonidb.server.http;

import io.sonidb.Payload;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldPath.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Sets the keys of an object somewhere within a payload, as Qdrant does: objects on the way are
/// made when they are missing, elements of arrays are not.
final class PayloadPath {
  private final FieldPath path;
  private final Payload added;

  PayloadPath(FieldPath path, Payload added) {
    this.path = path;
    this.added = added;
  }

  Payload set(Payload payload) {
    Map<String, Object> root = new LinkedHashMap<>(payload.toMap());
    put(root, 0);
    return Payload.ofMap(root);
  }

  private void put(Map<String, Object> object, int at) {
    Step.Key key = (Step.Key) path.steps().get(at);
    Object changed = changed(object.get(key.name()), at + 1);
    if (changed != null) {
      object.put(key.name(), changed);
    }
  }

  /// What becomes of a value; null if nothing.
  private @Nullable Object changed(@Nullable Object value, int at) {
    if (at == path.steps().size()) {
      Map<String, Object> merged =
          value instanceof Map<?, ?> map ? copy(map) : new LinkedHashMap<>();
      merged.putAll(added.toMap());
      return merged;
    }
    return switch (path.steps().get(at)) {
      case Step.Key _ -> {
        Map<String, Object> object =
            value instanceof Map<?, ?> map ? copy(map) : new LinkedHashMap<>();
        put(object, at);
        yield object;
      }
      case Step.Index(int index) -> elements(value, index, index + 1, at + 1);
      case Step.Each _ -> elements(value, 0, Integer.MAX_VALUE, at + 1);
    };
  }

  private @Nullable Object elements(@Nullable Object value, int from, int to, int at) {
    if (!(value instanceof List<?> list)) {
      return null;
    }
    List<@Nullable Object> elements = new ArrayList<>(list);
    for (int i = from; i < Math.min(to, elements.size()); i++) {
      Object changed = changed(elements.get(i), at);
      elements.set(i, changed == null ? elements.get(i) : changed);
    }
    return elements;
  }

  private static Map<String, Object> copy(Map<?, ?> map) {
    Map<String, Object> copy = new LinkedHashMap<>();
    map.forEach((key, value) -> copy.put((String) key, value));
    return copy;
  }
}
