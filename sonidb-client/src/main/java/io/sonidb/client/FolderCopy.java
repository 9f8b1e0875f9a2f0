package io.sonidb.client;

import io.sonidb.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// A data folder that is made the same as the files of a snapshot elsewhere.
///
/// What is new comes first, under other names; only when all of it is there and right do the files
/// take their places, manifests last, and those that do not belong there go. So whoever breaks it
/// off has the old state or the new one, with files too many at worst.
final class FolderCopy {
  private static final String LOCK = "sonidb.lock";
  private static final String MANIFEST = "collection.json";
  private static final String PART = ".part";

  private final Path folder;

  /// @param folder made if it is missing
  FolderCopy(Path folder) {
    this.folder = folder;
  }

  /// A file of a snapshot.
  ///
  /// @param name below the folder, with slashes
  /// @param checksum SHA-256, in hexadecimal
  record Part(String name, long size, String checksum) {
    /// @throws IllegalArgumentException if the name could lead out of the folder
    Part {
      if (!name.matches("collections/c-[0-9a-f-]{36}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,60}){1,3}")) {
        throw new IllegalArgumentException("it names a file '" + name + "' of a snapshot");
      }
    }

    static Part of(JsonNode json) {
      return new Part(
          json.path("name").asString(""),
          json.path("size").asLong(0),
          json.path("checksum").asString(""));
    }

    /// The folder of the collection that it is of.
    String collection() {
      return name.substring(0, name.indexOf('/', name.indexOf('/') + 1));
    }
  }

  /// Fetches files.
  @FunctionalInterface
  interface Source {
    void fetch(Part part, OutputStream to) throws IOException;
  }

  /// @return bytes that were fetched
  /// @throws IOException if it is in use, or cannot be written
  long update(List<Part> parts, Source source, Progress progress) throws IOException {
    Files.createDirectories(folder);
    try (FileChannel lock =
            FileChannel.open(
                folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = lock(lock)) {
      List<Part> missing = missing(parts);
      long total = missing.stream().mapToLong(Part::size).sum();
      long done = 0;
      for (Part part : missing) {
        fetch(part, source);
        done += part.size();
        progress.update(done, total, "bytes");
      }
      for (Part part : missing) {
        Files.move(
            fresh(part),
            folder.resolve(part.name()),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
      deleteOthers(parts);
      return done;
    }
  }

  private FileLock lock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException here) {
      // said below
    }
    throw new IOException("data folder " + folder + " is in use: close it there");
  }

  private Path fresh(Part part) {
    return folder.resolve(part.name() + PART);
  }

  private List<Part> missing(List<Part> parts) throws IOException {
    List<Part> missing = new ArrayList<>();
    for (Part part : parts) {
      Path file = folder.resolve(part.name());
      boolean isSame =
          Files.isRegularFile(file)
              && Files.size(file) == part.size()
              && checksum(file).equalsIgnoreCase(part.checksum());
      if (!isSame) {
        missing.add(part);
      }
    }
    missing.sort(
        Comparator.comparing((Part part) -> part.name().endsWith(MANIFEST))
            .thenComparing(Part::name));
    return missing;
  }

  private static String checksum(Path file) throws IOException {
    MessageDigest digest = RemoteCollection.sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void fetch(Part part, Source source) throws IOException {
    Path file = fresh(part);
    Files.createDirectories(file.getParent());
    try (OutputStream to = Files.newOutputStream(file)) {
      source.fetch(part, to);
    }
    try (FileChannel written = FileChannel.open(file, StandardOpenOption.WRITE)) {
      written.force(true);
    }
  }

  /// Files of the same collections that are no part of the snapshot.
  private void deleteOthers(List<Part> parts) throws IOException {
    Set<Path> wanted =
        parts.stream().map(part -> folder.resolve(part.name())).collect(Collectors.toSet());
    for (String collection : parts.stream().map(Part::collection).distinct().toList()) {
      List<Path> there;
      try (Stream<Path> walk = Files.walk(folder.resolve(collection))) {
        there = walk.filter(Files::isRegularFile).toList();
      }
      for (Path each : there) {
        if (!wanted.contains(each)) {
          Files.delete(each);
        }
      }
    }
  }
}
