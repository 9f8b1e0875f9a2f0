package io.sonidb.file;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The real vectors that lie beside the project, where they do; tests that need them are skipped
/// else.
final class TestData {

  private TestData() {}

  /// All `.npy` files of vectors.
  static List<Path> arrays() throws IOException {
    Optional<Path> folder = folder();
    assumeTrue(folder.isPresent(), "no ../shared/data beside the project, no SONIDB_TEST_DATA");
    try (Stream<Path> files = Files.list(folder.get())) {
      return files.filter(f -> f.toString().endsWith(".npy")).sorted().toList();
    }
  }

  private static Optional<Path> folder() {
    String told = System.getenv("SONIDB_TEST_DATA");
    if (told != null) {
      return Optional.of(Path.of(told)).filter(Files::isDirectory);
    }
    return Stream.iterate(Path.of("").toAbsolutePath(), p -> p != null, Path::getParent)
        .map(p -> p.resolve("../shared/data").normalize())
        .filter(Files::isDirectory)
        .findFirst();
  }
}
