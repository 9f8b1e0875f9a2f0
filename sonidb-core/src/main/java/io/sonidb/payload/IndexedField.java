package io.sonidb.payload;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;

/// A field that is indexed.
///
/// @param path to its values
/// @param type of those that the index knows
public record IndexedField(FieldPath path, FieldType type) implements Comparable<IndexedField> {
  @Override
  public int compareTo(IndexedField other) {
    return path.compareTo(other.path);
  }
}
