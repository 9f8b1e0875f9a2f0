package io.sonidb;

import java.util.Locale;

/// When a write is acknowledged.
public enum Durability {
  /// After an fsync: it survives a power loss.
  FSYNC,
  /// After the write call: it survives `kill -9`, but a power loss can take the last seconds.
  OS;

  /// Reads `fsync` or `os`.
  ///
  /// @throws IllegalArgumentException for anything else
  public static Durability parse(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "fsync" -> FSYNC;
      case "os" -> OS;
      default ->
          throw new IllegalArgumentException("durability must be fsync or os, was '" + name + "'");
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
