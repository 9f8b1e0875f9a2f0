package io.sonidb.flac;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Files for tests that are too large for the repository.
final class TestFiles {

  private static final String VARIABLE = "SONIDB_TEST_DATA";

  private TestFiles() {}

  /// The FLAC files of a group, sorted; the test is skipped if they are not there.
  static List<Path> flac(String group) {
    Path folder = folder().resolve("flac").resolve(group);
    assumeTrue(
        Files.isDirectory(folder),
        "no test files in " + folder + "; set " + VARIABLE + " to find them");
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".flac")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What the variable says, or `shared/data` beside this folder or one above it.
  private static Path folder() {
    String named = System.getenv(VARIABLE);
    if (named != null) {
      return Path.of(named);
    }
    Path start = Path.of("").toAbsolutePath();
    for (Path at = start; at.getParent() != null; at = at.getParent()) {
      Path data = at.resolveSibling("shared").resolve("data");
      if (Files.isDirectory(data)) {
        return data;
      }
    }
    return start.resolveSibling("shared").resolve("data");
  }
}
