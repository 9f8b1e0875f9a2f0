package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionExistsException;
import io.sonidb.CollectionNotFoundException;
import io.sonidb.CollectionSpec;
import io.sonidb.SoniDb;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The collections by their names and aliases.
///
/// Collections are looked up without a lock: making or dropping one, which takes a while, holds up
/// nobody who uses another.
final class Catalog {
  private final SoniDb database;
  private final Aliases aliases;
  private final ConcurrentHashMap<String, Collection> opened = new ConcurrentHashMap<>();

  Catalog(SoniDb database, Aliases aliases) {
    this.database = database;
    this.aliases = aliases;
    database.collections().forEach(name -> opened.put(name, database.collection(name)));
    aliases.change(all -> all.values().removeIf(name -> !opened.containsKey(name)));
  }

  SoniDb database() {
    return database;
  }

  Aliases aliases() {
    return aliases;
  }

  /// Names of all collections, sorted.
  List<String> names() {
    return opened.keySet().stream().sorted().toList();
  }

  /// The name of a collection by its name or alias.
  String resolve(String name) {
    return aliases.collection(name).orElse(name);
  }

  Optional<Collection> find(String name) {
    return Optional.ofNullable(opened.get(resolve(name)));
  }

  /// @throws ApiException if there is none
  Collection collection(String name) {
    return find(name).orElseThrow(() -> missing(name));
  }

  private ApiException missing(String name) {
    try {
      // One that could not be opened says why.
      database.find(name);
    } catch (IllegalStateException e) {
      throw ApiException.of(503, "Service unavailable: the node is shutting down");
    }
    return ApiException.noCollection(name);
  }

  Collection create(String name, CollectionSpec spec) {
    if (aliases.collection(name).isPresent()) {
      throw ApiException.wrongInput(
          "Can't create collection with name "
              + name
              + ". Alias with the same name already exists");
    }
    try {
      Collection collection = database.create(name, spec);
      opened.put(name, collection);
      return collection;
    } catch (CollectionExistsException e) {
      throw exists(name);
    }
  }

  /// A collection that came otherwise.
  void adopt(String name) {
    opened.put(name, database.collection(name));
  }

  /// @return whether there was one
  boolean drop(String name) {
    Collection was = opened.remove(name);
    if (was == null) {
      return false;
    }
    try {
      database.drop(name);
    } catch (CollectionNotFoundException e) {
      return false;
    } catch (RuntimeException e) {
      if (database.collections().contains(name)) {
        opened.putIfAbsent(name, was);
      }
      throw e;
    }
    aliases.change(all -> all.values().removeIf(name::equals));
    return true;
  }

  /// Drops a collection, if it is there, for another one of the same name. Its aliases stay.
  void replace(String name, Runnable takeIn) {
    opened.remove(name);
    if (database.find(name).isPresent()) {
      database.drop(name);
    }
    takeIn.run();
  }

  /// Changes aliases, all or none.
  void changeAliases(java.util.function.Consumer<Map<String, String>> change) {
    aliases.change(change);
  }

  static ApiException exists(String name) {
    return ApiException.of(409, "Wrong input: Collection `" + name + "` already exists!");
  }
}
