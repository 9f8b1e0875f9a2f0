package io.sonidb.payload;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// Gathers the values of one field, record by record.
final class FieldBuilder {
  /// Ordinals in ascending order.
  private static final class Posting {
    private int[] ordinals = new int[2];
    private int count;

    void add(int ordinal) {
      if (count > 0 && ordinals[count - 1] == ordinal) {
        return;
      }
      if (count == ordinals.length) {
        ordinals = Arrays.copyOf(ordinals, count * 2);
      }
      ordinals[count++] = ordinal;
    }
  }

  private final FieldPath path;
  private final FieldType type;
  private final FieldBits bits = FieldBits.fresh();
  private final Map<FieldKey, Posting> postings = new HashMap<>();

  // Of the record that is being added.
  private int ordinal;
  private int values;
  private int elements;
  private boolean isNull;
  private boolean isFull;
  private boolean hasArray;
  private boolean hasOther;

  FieldBuilder(IndexedField field) {
    this.path = field.path();
    this.type = field.type();
  }

  /// @param added above those added before
  void add(int added, JsonNode payload) {
    ordinal = added;
    values = 0;
    elements = 0;
    isNull = false;
    isFull = false;
    hasArray = false;
    hasOther = false;
    FieldValues.forEach(payload, path, this::value);
    if (!isFull) {
      bits.empty().add(ordinal);
    }
    if (isNull) {
      bits.isNull().add(ordinal);
    }
    if (elements == 0) {
      bits.blank().add(ordinal);
    }
    if (elements > 1) {
      bits.several().add(ordinal);
    }
    if (hasOther) {
      bits.other().add(ordinal);
    }
    if (hasArray || values > 1) {
      bits.arrays().add(ordinal);
    }
  }

  private void value(JsonNode value) {
    values++;
    isNull |= value.isNull();
    isFull |= !PayloadCheck.isEmpty(value);
    if (value.isArray()) {
      hasArray = true;
      value.forEach(this::element);
    } else {
      element(value);
    }
  }

  private void element(JsonNode element) {
    if (element.isNull()) {
      return;
    }
    elements++;
    Optional<List<FieldKey>> keys = FieldKey.of(type, element);
    if (keys.isEmpty()) {
      hasOther = true;
      return;
    }
    keys.get().forEach(key -> postings.computeIfAbsent(key, _ -> new Posting()).add(ordinal));
  }

  FieldSection write() {
    FieldSection section = new FieldSection(FieldKey.size(type), bits);
    postings.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(each ->
            section.add(each.getKey().bytes(), each.getValue().ordinals, each.getValue().count));
    return section;
  }
}
