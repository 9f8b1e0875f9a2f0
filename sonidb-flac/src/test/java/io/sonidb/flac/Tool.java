package io.sonidb.flac;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Programs that judge what this one writes, run as processes.
final class Tool {

  private static final long TIMEOUT_SECONDS = 60;

  record Result(int exitCode, String output) {}

  private Tool() {}

  /// Skips the test if a program is not installed.
  static void assume(String name) {
    boolean found =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    assumeTrue(found, name + " is not installed");
  }

  /// Runs a program to its end; standard output and error come back as one text.
  static Result run(String name, Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(name));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    Path output = Files.createTempFile("sonidb", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " did not end within " + TIMEOUT_SECONDS + " s");
      }
      return new Result(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }
}
