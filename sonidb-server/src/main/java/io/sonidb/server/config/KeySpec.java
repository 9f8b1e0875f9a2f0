package io.sonidb.server.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// A key, known by its hash alone, and what it opens.
///
/// @param sha256 of the key, 64 hexadecimal digits
/// @param access what its owner may do
/// @param collections that it is good for; empty for all, and for what concerns no single one
public record KeySpec(String sha256, Access access, Set<String> collections) {
  private static final int MIN_LENGTH = 8;

  /// What somebody may do; each may do what those before may.
  public enum Access {
    /// Look.
    READ,
    /// Change points.
    WRITE,
    /// Make and drop collections, indexes, snapshots.
    MANAGE;

    /// Whether it includes another one.
    public boolean allows(Access needed) {
      return compareTo(needed) >= 0;
    }
  }

  public KeySpec {
    collections = Set.copyOf(collections);
  }

  static List<KeySpec> of(NodeConfig.Values values) {
    List<KeySpec> keys = new ArrayList<>();
    addWhole(keys, values, "security.api_key", Access.MANAGE);
    addWhole(keys, values, "security.read_only_api_key", Access.READ);
    NodeConfig.Said said = values.said("security.keys");
    for (String each : values.list("security.keys", ";")) {
      List<String> words = Setting.parts(each, "\\s+");
      if (words.size() < 2 || words.size() > 3) {
        throw said.wrong("KEY read|write|manage [COLLECTION,...], entries separated by semicolons");
      }
      Set<String> collections =
          words.size() == 2 ? Set.of() : Set.copyOf(Setting.parts(words.get(2), ","));
      keys.add(new KeySpec(hash(words.get(0), said), access(words.get(1), said), collections));
    }
    return keys;
  }

  private static void addWhole(
      List<KeySpec> keys, NodeConfig.Values values, String setting, Access access) {
    String key = values.text(setting);
    if (!key.isEmpty()) {
      keys.add(new KeySpec(hash(key, values.said(setting)), access, Set.of()));
    }
  }

  private static Access access(String word, NodeConfig.Said said) {
    return switch (word) {
      case "read" -> Access.READ;
      case "write" -> Access.WRITE;
      case "manage" -> Access.MANAGE;
      default -> throw said.wrong("a key, then read, write or manage, was '" + word + "'");
    };
  }

  private static String hash(String key, NodeConfig.Said said) {
    if (key.startsWith("sha256:")) {
      String digits = key.substring("sha256:".length()).toLowerCase(Locale.ROOT);
      if (!digits.matches("[0-9a-f]{64}")) {
        throw said.wrong("sha256: and 64 hexadecimal digits");
      }
      return digits;
    }
    if (key.length() < MIN_LENGTH) {
      throw said.wrong("at least " + MIN_LENGTH + " characters long");
    }
    return HexFormat.of().formatHex(digest(key));
  }

  /// The SHA-256 of a key.
  public static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
