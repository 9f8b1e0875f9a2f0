package io.sonidb.ftp;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What came in half and nobody went on with. Links are deleted, and not followed.
final class Leftovers {
  private Leftovers() {}

  /// Deletes inboxes in which nothing has changed for a time.
  ///
  /// @param inboxes their folder; it need not be there
  /// @param before they must not have changed since
  /// @return the names of those that were deleted
  /// @throws IOException if one cannot be read or deleted
  static List<String> delete(Path inboxes, Instant before) throws IOException {
    List<String> deleted = new ArrayList<>();
    if (!Files.isDirectory(inboxes)) {
      return deleted;
    }
    try (Stream<Path> all = Files.list(inboxes)) {
      for (Path inbox : all.toList()) {
        if (newest(inbox).isBefore(before)) {
          Files.walkFileTree(inbox, new Deleting());
          deleted.add(String.valueOf(inbox.getFileName()));
        }
      }
    }
    return deleted;
  }

  private static Instant newest(Path inbox) throws IOException {
    Instant[] newest = {Instant.EPOCH};
    Files.walkFileTree(
        inbox,
        new SimpleFileVisitor<>() {
          private FileVisitResult see(BasicFileAttributes attributes) {
            Instant changed = attributes.lastModifiedTime().toInstant();
            newest[0] = newest[0].isAfter(changed) ? newest[0] : changed;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return see(attributes);
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            return see(attributes);
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE; // it has just been published
            }
            throw e;
          }
        });
    return newest[0];
  }

  private static final class Deleting extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
        throws IOException {
      if (e != null) {
        throw e;
      }
      Files.deleteIfExists(folder);
      return FileVisitResult.CONTINUE;
    }
  }
}
