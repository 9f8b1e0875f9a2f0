package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import java.util.List;
import java.util.Optional;

/// Where collections are: an opened folder, or a node.
sealed interface Database extends AutoCloseable permits LocalDatabase, RemoteDatabase {

  /// Its folder or address, for messages.
  String place();

  List<String> names();

  Optional<Points> find(String name);

  /// A collection that must be there; its absence is a failure that says so.
  Points collection(String name);

  Points create(String name, CollectionSpec spec);

  void drop(String name);

  @Override
  void close();
}
