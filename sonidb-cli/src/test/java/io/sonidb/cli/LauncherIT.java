package io.sonidb.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
final class LauncherIT {
  private static final Path SCRIPT = script();

  @TempDir Path folder;

  @Test
  void passesOverJdkWhoseCollectorIsBroken() throws Exception {
    Path jdk = pretendJdk("25.0.2");

    Outcome outcome =
        run(SCRIPT, folder, Map.of("JAVA_HOME", jdk.toString(), "PATH", path()), "--version");

    assertThat(outcome.out()).startsWith("sonidb ");
    assertThat(outcome.status()).isZero();
  }

  @Test
  void showsWhatTheJvmItselfComplainsAbout() throws Exception {
    Outcome outcome = run(SCRIPT, folder, Map.of("SONIDB_JAVA_OPTS", "-Xnonsense"), "--version");

    assertThat(outcome.err()).contains("Unrecognized option: -Xnonsense");
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.status()).isEqualTo(1);
  }

  @Test
  void endsWithTheExitCodeOfTheProgram() throws Exception {
    Outcome outcome = run(SCRIPT, folder, Map.of(), "--no-such-option");

    assertThat(outcome.err()).contains("--no-such-option");
    assertThat(outcome.status()).isEqualTo(2);
  }

  @Test
  void printsNothingButWhatWasAskedFor() throws Exception {
    Outcome outcome = run(SCRIPT, folder, Map.of(), "--version");

    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).startsWith("sonidb ");
    assertThat(outcome.status()).isZero();
  }

  @Test
  void worksThroughLinksFromFolderWithSpaces() throws Exception {
    Path elsewhere = Files.createDirectory(folder.resolve("a b"));
    Path absolute = Files.createSymbolicLink(elsewhere.resolve("first link"), SCRIPT);
    Path relative = Files.createSymbolicLink(elsewhere.resolve("second"), Path.of("first link"));

    assertThat(absolute).isSymbolicLink();
    assertThat(run(relative, elsewhere, Map.of(), "--version").out()).startsWith("sonidb ");
  }

  @Test
  void handsFlagsAndArgumentsOnAsTheyAre() throws Exception {
    Path jdk = pretendJdk("99.0.1");
    var environment = Map.of("JAVA_HOME", jdk.toString(), "SONIDB_JAVA_OPTS", "-Xmx64m  -Da=*");

    Outcome outcome = run(SCRIPT, folder, environment, "get", "two words", "*", "");

    assertThat(outcome.out().lines())
        .containsSubsequence("[-Xmx64m]", "[-Da=*]", "[get]", "[two words]", "[*]", "[]");
  }

  /// Makes a folder that looks like a JDK of a version; its `java` prints its arguments.
  private Path pretendJdk(String version) throws IOException {
    Path jdk = Files.createDirectories(folder.resolve("jdk " + version));
    Path bin = Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    for (String tool : List.of("java", "javac")) {
      Path file = Files.writeString(bin.resolve(tool), "#!/bin/sh\nprintf '[%s]\\n' \"$@\"\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return jdk;
  }

  private record Outcome(int status, String out, String err) {}

  private Outcome run(Path script, Path from, Map<String, String> environment, String... args)
      throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    var command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    var builder =
        new ProcessBuilder(command)
            .directory(from.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    // Flags that the tests' own environment gives every JVM would make each of them say so.
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("SONIDB_JAVA_OPTS");
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(command + " did not end within two minutes");
    }
    return new Outcome(
        process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }

  /// A search path whose `java` is the one that runs this test.
  private static String path() {
    return Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH");
  }

  static Path script() {
    Path start = Path.of("").toAbsolutePath();
    for (Path at = start; at != null; at = at.getParent()) {
      if (Files.isExecutable(at.resolve("sonidb")) && Files.isRegularFile(at.resolve("sonidb"))) {
        return at.resolve("sonidb");
      }
    }
    throw new IllegalStateException("no launcher script in " + start + " or above");
  }
}
