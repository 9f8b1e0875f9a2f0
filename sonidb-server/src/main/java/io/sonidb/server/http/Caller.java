package io.sonidb.server.http;

import io.sonidb.server.config.KeySpec.Access;
import java.util.Set;

/// Who sends a request.
///
/// @param name for the audit log: the start of the hash of the key
/// @param access what it may do
/// @param collections that it may see; empty for all
record Caller(String name, Access access, Set<String> collections) {
  /// Somebody without a key, where none is needed.
  static final Caller ANYBODY = new Caller("anybody", Access.MANAGE, Set.of());

  Caller {
    collections = Set.copyOf(collections);
  }

  boolean sees(String collection) {
    return collections.isEmpty() || collections.contains(collection);
  }

  boolean seesAll() {
    return collections.isEmpty();
  }
}
