package io.sonidb.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Real vectors beside the project and programs on this machine; tests that need one that is
/// missing are skipped.
final class RealFiles {

  private RealFiles() {}

  static Path array(String name) {
    Path file = folder().resolve(name + ".npy");
    assumeTrue(Files.exists(file), name + ".npy is missing");
    return file;
  }

  static List<Path> arrays() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.filter(f -> f.toString().endsWith(".npy")).sorted().toList();
    }
  }

  private static Path folder() {
    Optional<Path> told = Optional.ofNullable(System.getenv("SONIDB_TEST_DATA")).map(Path::of);
    Optional<Path> found =
        told.or(() ->
            Stream.iterate(Path.of("").toAbsolutePath(), p -> p != null, Path::getParent)
                .map(p -> p.resolve("../shared/data").normalize())
                .filter(Files::isDirectory)
                .findFirst());
    assumeTrue(
        found.filter(Files::isDirectory).isPresent(),
        "no ../shared/data beside the project, no SONIDB_TEST_DATA");
    return found.orElseThrow();
  }

  /// Runs a program of this machine and returns its exit code.
  static int tool(Path output, String... command) throws IOException, InterruptedException {
    assumeTrue(isInstalled(command[0]), command[0] + " is not installed");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(command[0] + " did not end");
    }
    return process.exitValue();
  }

  private static boolean isInstalled(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
