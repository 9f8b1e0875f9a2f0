package io.sonidb.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Reads a YAML file as flat keys: `http: {port: 7664}` is `http.port`. Lists become the separated
/// text that environment and flags have.
final class ConfigFile {
  private static final YAMLMapper YAML = YAMLMapper.builder().build();
  private static final long MAX_BYTES = 1 << 20;

  private ConfigFile() {}

  /// @throws ConfigException if it is no YAML of such a form
  static Map<String, String> read(Path path) throws IOException {
    if (Files.size(path) > MAX_BYTES) {
      throw new ConfigException(path + ": must have at most " + MAX_BYTES + " bytes");
    }
    Map<String, String> values = new LinkedHashMap<>();
    try {
      JsonNode root = YAML.readTree(Files.readString(path));
      if (!root.isObject() && !root.isMissingNode() && !root.isNull()) {
        throw new ConfigException(path + ": must be a map of settings");
      }
      add("", root, values, path);
    } catch (JacksonException e) {
      throw new ConfigException(path + ": is not YAML: " + e.getOriginalMessage(), e);
    }
    return values;
  }

  private static void add(String prefix, JsonNode node, Map<String, String> values, Path path) {
    for (Map.Entry<String, JsonNode> each : node.properties()) {
      String key = prefix + each.getKey();
      JsonNode value = each.getValue();
      if (value.isObject()) {
        add(key + ".", value, values, path);
      } else if (value.isArray()) {
        StringJoiner joined = new StringJoiner(key.equals("security.keys") ? ";" : ",");
        for (JsonNode element : value) {
          joined.add(scalar(key, element, path));
        }
        values.put(key, joined.toString());
      } else {
        values.put(key, scalar(key, value, path));
      }
    }
  }

  private static String scalar(String key, JsonNode value, Path path) {
    if (value.isContainer()) {
      throw new ConfigException(path + ": " + key + " must be a list of plain values");
    }
    return value.isNull() ? "" : value.asString();
  }
}
