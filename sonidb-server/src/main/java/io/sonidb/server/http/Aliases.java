package io.sonidb.server.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Other names of collections, kept in a file of the data folder.
///
/// Readers see one state or the next, and a change is durable before anybody sees it.
final class Aliases {
  static final String FILE = "aliases.json";

  private static final JsonMapper JSON = JsonMapper.shared();

  private final Path file;
  private volatile Map<String, String> collections; // by alias

  private Aliases(Path file, Map<String, String> collections) {
    this.file = file;
    this.collections = Map.copyOf(collections);
  }

  /// @throws IOException if the file cannot be read, or is not as it was written
  static Aliases open(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    Map<String, String> found = new TreeMap<>();
    if (Files.exists(file)) {
      try {
        JsonNode root = JSON.readTree(Files.readAllBytes(file));
        root.properties().forEach(each -> found.put(each.getKey(), each.getValue().stringValue()));
      } catch (JacksonException e) {
        throw new IOException(
            file + " is not as it was written; take it away and make the aliases again", e);
      }
    }
    return new Aliases(file, found);
  }

  /// The collection behind an alias.
  Optional<String> collection(String alias) {
    return Optional.ofNullable(collections.get(alias));
  }

  SortedMap<String, String> all() {
    return new TreeMap<>(collections);
  }

  /// Changes some of them, all at once.
  ///
  /// @param change of a copy, which counts if it returns
  synchronized void change(Consumer<Map<String, String>> change) {
    Map<String, String> changed = all();
    change.accept(changed);
    if (changed.equals(collections)) {
      return;
    }
    try {
      DurableFile.replace(file, JSON.writeValueAsBytes(changed));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    collections = Map.copyOf(changed);
  }
}
