package io.sonidb;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// A state of a collection as it goes from node to node: which files make it up. Two nodes have the
/// same state when their manifests are equal.
///
/// @param uuid of the collection, whatever it is called
/// @param name of the collection where it comes from
/// @param epoch of its history, which a promotion raises
/// @param sequence number of the newest write in the files; 0 if there is none
/// @param files all of them, each name once, `collection.json` among them
public record SyncManifest(UUID uuid, String name, int epoch, long sequence, List<SyncFile> files) {
  /// No manifest has more files.
  public static final int MAX_FILES = 1_000_000;

  private static final String TITLE = "sonidb-manifest-1";

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming what is wrong
  public SyncManifest {
    files = List.copyOf(files);
    if (name.isEmpty() || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("a manifest's collection must have a name");
    }
    if (epoch < 1 || sequence < 0) {
      throw new IllegalArgumentException(
          "epoch and sequence number of a manifest cannot be " + epoch + " and " + sequence);
    }
    if (files.size() > MAX_FILES) {
      throw new IllegalArgumentException("a manifest has at most " + MAX_FILES + " files");
    }
    Set<String> names = new HashSet<>();
    for (SyncFile file : files) {
      if (!names.add(file.name())) {
        throw new IllegalArgumentException("two files are named " + file.name());
      }
    }
  }

  /// The file of a name.
  public Optional<SyncFile> file(String name) {
    return files.stream().filter(file -> file.name().equals(name)).findAny();
  }

  /// Bytes of all files.
  public long bytes() {
    return files.stream().mapToLong(SyncFile::size).sum();
  }

  /// The manifest as text, the same for equal ones: a line for each value, and for each file its
  /// size, CRC-32, SHA-256 and name.
  public String text() {
    StringBuilder text = new StringBuilder(TITLE).append('\n');
    text.append("uuid ").append(uuid).append('\n');
    text.append("name ").append(name).append('\n');
    text.append("epoch ").append(epoch).append('\n');
    text.append("sequence ").append(sequence).append('\n');
    for (SyncFile file : files) {
      text.append("file ")
          .append(file.size())
          .append(' ')
          .append(HexFormat.of().toHexDigits(file.crc32()))
          .append(' ')
          .append(file.sha256())
          .append(' ')
          .append(file.name())
          .append('\n');
    }
    return text.toString();
  }

  /// Reads what [#text] wrote, and nothing else.
  ///
  /// @throws IllegalArgumentException if it is no such text
  public static SyncManifest parse(String text) {
    String[] lines = text.split("\n", -1);
    if (lines.length < 6 || !lines[0].equals(TITLE)) {
      throw new IllegalArgumentException("this is no manifest of a collection's files");
    }
    List<SyncFile> files = new ArrayList<>();
    for (String line : List.of(lines).subList(5, lines.length - 1)) {
      files.add(parseFile(line));
    }
    SyncManifest read;
    try {
      read =
          new SyncManifest(
              UUID.fromString(value(lines[1], "uuid")),
              value(lines[2], "name"),
              Integer.parseInt(value(lines[3], "epoch")),
              Long.parseLong(value(lines[4], "sequence")),
              files);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("a number of the manifest cannot be read", e);
    }
    if (!read.text().equals(text)) {
      throw new IllegalArgumentException("the manifest is not spelled as it is written");
    }
    return read;
  }

  private static String value(String line, String key) {
    if (!line.startsWith(key + " ")) {
      throw new IllegalArgumentException("the manifest has no " + key + " where it belongs");
    }
    return line.substring(key.length() + 1);
  }

  private static SyncFile parseFile(String line) {
    String[] words = value(line, "file").split(" ", -1);
    if (words.length != 4 || words[1].length() != 8) {
      throw new IllegalArgumentException("a file of the manifest cannot be read");
    }
    try {
      return new SyncFile(
          words[3], Long.parseLong(words[0]), HexFormat.fromHexDigits(words[1]), words[2]);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("a file of the manifest cannot be read", e);
    }
  }

  byte[] bytesOfText() {
    return text().getBytes(StandardCharsets.UTF_8);
  }
}
