package io.sonidb;

import java.util.regex.Pattern;

/// A file of a collection on its way from one node to another.
///
/// @param name with `/` between its folder and itself, such as `segments/0001-00000001.flac`
/// @param size in bytes
/// @param crc32 of all bytes, as `index.sfv` has it
/// @param sha256 of all bytes, 64 hexadecimal digits in lower case
public record SyncFile(String name, long size, int crc32, String sha256) {
  /// Most characters of a name.
  public static final int MAX_NAME = 200;

  private static final Pattern NAME =
      Pattern.compile("(segments/)?[A-Za-z0-9][A-Za-z0-9-]*(\\.[A-Za-z0-9]+)+");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /// Checks the forms, so that a name cannot leave the folder that it is in.
  ///
  /// @throws IllegalArgumentException naming the value that is wrong
  public SyncFile {
    if (name.length() > MAX_NAME || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a file of a collection cannot be named '"
              + name.substring(0, Math.min(MAX_NAME, name.length()))
              + "'");
    }
    if (size < 0) {
      throw new IllegalArgumentException("size of " + name + " cannot be " + size);
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException(
          "the SHA-256 of " + name + " must be 64 hexadecimal digits in lower case");
    }
  }
}
