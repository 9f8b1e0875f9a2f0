package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// The built program, as a process: what only signals, pipes and exit codes can show.
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class ProgramIT {

  private static final int INTERRUPTED = 130;

  @TempDir Path folder;

  @Test
  void insertsExportsAndFindsAgain() throws Exception {
    Path jsonl = Cli.threeDimensional(folder, 5);
    assertThat(run("insert", "a", jsonl.toString())).isEqualTo(0);
    assertThat(run("search", "a", "--id", "3", "--json")).isEqualTo(0);
    assertThat(out()).contains("\"hits\":[");
    assertThat(run("get", "a", "99")).isEqualTo(4);
    assertThat(run("create", "a", "--dimension", "3")).isEqualTo(5);
    assertThat(err()).startsWith("sonidb: ").hasLineCount(1);
  }

  @Test
  void losesNothingThatWasAcknowledgedWhenInterrupted() throws Exception {
    Process process = start("insert", "a", "-", "--format", "csv");
    try (OutputStream in = process.getOutputStream()) {
      // A whole batch and part of the next; then the program waits for more.
      StringBuilder rows = new StringBuilder("id,x,y\n");
      for (int i = 0; i < 1500; i++) {
        rows.append(i).append(",1,").append(i).append('\n');
      }
      in.write(rows.toString().getBytes(StandardCharsets.UTF_8));
      in.flush();
      awaitSize(folder.resolve("data"), 30_000);
      interrupt(process);
    }
    assertThat(process.exitValue()).isEqualTo(INTERRUPTED);
    assertThat(run("verify", "a", "--deep")).isEqualTo(0);
    assertThat(run("stats", "a", "--json")).isEqualTo(0);
    assertThat(out()).contains("\"vectors\":1000,");
  }

  @Test
  void followsUntilInterruptedAndEndsWithAWholeFrame() throws Exception {
    run("insert", "a", Cli.threeDimensional(folder, 100).toString());
    Path flac = folder.resolve("followed.flac");
    Process process = start("stream", "a", "--follow", "-o", flac.toString());
    awaitSize(flac, 3000);
    interrupt(process);
    assertThat(process.exitValue()).isEqualTo(INTERRUPTED);
    assertThat(run("listen", flac.toString(), "--json")).isEqualTo(0);
    assertThat(out()).contains("\"samples_skipped\":0,\"bytes_skipped\":0}");
    assertThat(RealFiles.tool(folder.resolve("log"), "flac", "-st", flac.toString())).isZero();
  }

  @Test
  void followsChangesUntilInterrupted() throws Exception {
    run("insert", "a", Cli.threeDimensional(folder, 3).toString());
    Process process = start("changes", "a", "--follow");
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (int i = 1; i <= 3; i++) {
        assertThat(reader.readLine()).startsWith("{\"sequence\":" + i + ",");
      }
      interrupt(process);
      assertThat(reader.readLine()).isNull();
    }
    assertThat(process.exitValue()).isEqualTo(INTERRUPTED);
    assertThat(err()).contains("go on with --from 4");
  }

  @Test
  void talksToANodeUntilThatEnds() throws Exception {
    Path jsonl = Cli.threeDimensional(folder, 5);
    Process node = start("serve", "--http-port", "0", "--json");
    String url;
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8))) {
      url = JsonMapper.shared().readTree(reader.readLine()).get("url").asString();
      assertThat(run("insert", "a", jsonl.toString(), "--url", url)).isZero();
      assertThat(run("list")).as("the node has the folder open").isEqualTo(6);
      assertThat(run("verify", "a", "--url", url)).isZero();
      assertThat(run("play", "a", "1", "--url", url)).as("it needs the folder").isEqualTo(2);
      Path back = folder.resolve("back.jsonl");
      assertThat(run("export", "a", back.toString(), "--url", url)).isZero();
      assertThat(Files.readAllLines(back)).hasSize(5).first().asString().startsWith("{\"id\":0,");
      interrupt(node);
      assertThat(node.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      node.destroyForcibly();
    }
    assertThat(run("get", "a", "1", "--url", url)).isEqualTo(6);
    assertThat(err()).contains(url, "connection refused").hasLineCount(1);
    assertThat(run("get", "a", "1")).isZero();
  }

  @Test
  void endsQuietlyWhenNobodyReadsOn() throws Exception {
    run("insert", "a", Cli.threeDimensional(folder, 20_000).toString());
    Process process = start("export", "a", "-", "--format", "jsonl");
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(reader.readLine()).startsWith("{\"id\":0,");
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(err()).isEmpty();
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void failsWhenStandardOutputIsFull() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "no /dev/full here");
    Process process = builder("list", "--help").redirectOutput(full.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(err()).startsWith("sonidb: ").hasLineCount(1);
  }

  private int run(String... arguments) throws Exception {
    Process process = builder(arguments).redirectOutput(folder.resolve("out").toFile()).start();
    process.getOutputStream().close();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(List.of(arguments) + " did not end within two minutes");
    }
    return process.exitValue();
  }

  private Process start(String... arguments) throws IOException {
    return builder(arguments).start();
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(List.of(LauncherIT.script().toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(folder.resolve("err").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("XDG_CONFIG_HOME", folder.resolve("config").toString());
    builder.environment().put("SONIDB_DATA", folder.resolve("data").toString());
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("SONIDB_JAVA_OPTS");
    return builder;
  }

  /// Interrupts a process and waits for its end.
  private static void interrupt(Process process) throws Exception {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          "the program did not end within a minute of SIGINT; whoever starts the tests behind & or"
              + " nohup has them, and it, ignore that signal");
    }
  }

  /// Waits until the files at `path` have grown to this size together.
  private static void awaitSize(Path path, long bytes) throws Exception {
    for (int i = 0; i < 600; i++) {
      if (Files.exists(path)) {
        try (var files = Files.walk(path)) {
          if (files.mapToLong(f -> f.toFile().length()).sum() >= bytes) {
            return;
          }
        } catch (UncheckedIOException e) {
          // A file went, or was renamed, while it was looked at.
        }
      }
      Thread.sleep(100);
    }
    throw new AssertionError(path + " did not grow to " + bytes + " bytes within a minute");
  }

  private String out() throws IOException {
    return Files.readString(folder.resolve("out"));
  }

  private String err() throws IOException {
    return Files.readString(folder.resolve("err"));
  }
}
