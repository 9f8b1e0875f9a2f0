package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionExistsException;
import io.sonidb.CollectionNotFoundException;
import io.sonidb.CollectionSpec;
import io.sonidb.SoniDb;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The collections by their names and aliases.
///
/// Collections are looked up without a lock: making or dropping one, which takes a while, holds up
/// nobody who uses another.
final class Catalog {
  private static final String FORBIDDEN = "<>:\"/\\|?*";
  private static final int MAX_NAME_BYTES = 255;

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

  /// The name of a collection that is there, or comes to be.
  ///
  /// @throws ApiException if none may be called so
  String resolveNew(String name) {
    String resolved = resolve(name);
    if (!opened.containsKey(resolved)) {
      checkNewName("path parameters", resolved);
    }
    return resolved;
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
    checkNewName("path parameters", name);
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

  /// Refuses names that Qdrant refuses, too. Names of files do not depend on them; addresses and
  /// shells do.
  ///
  /// @param place where the name stands
  static void checkNewName(String place, String name) {
    int size = name.getBytes(StandardCharsets.UTF_8).length;
    if (size < 1 || size > MAX_NAME_BYTES) {
      throw wrongName(place, size + " bytes", "must have 1 to " + MAX_NAME_BYTES);
    }
    if (name.equals(".") || name.equals("..")) {
      throw wrongName(place, '"' + name + '"', "is the name of a folder");
    }
    name.chars()
        .filter(each -> Character.isISOControl(each) || FORBIDDEN.indexOf(each) >= 0)
        .findFirst()
        .ifPresent(each -> {
          throw wrongName(
              place,
              '"' + name + '"',
              "collection name cannot contain "
                  + (Character.isISOControl(each)
                      ? "control characters"
                      : "\"" + (char) each + "\" char"));
        });
  }

  private static ApiException wrongName(String place, String value, String why) {
    return ApiException.of(
        422, "Validation error in " + place + ": [name: value " + value + " invalid, " + why + "]");
  }

  static ApiException exists(String name) {
    return ApiException.of(409, "Wrong input: Collection `" + name + "` already exists!");
  }
}
