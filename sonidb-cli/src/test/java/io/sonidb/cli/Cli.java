package io.sonidb.cli;

import io.sonidb.cli.Terminal.Stream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs the program in this process, on a data folder of its own, with its streams captured.
final class Cli {

  /// How a run ended, and what it printed.
  static final class Outcome {
    private final int exitCode;
    private final byte[] bytes;
    private final String err;

    private Outcome(int exitCode, byte[] bytes, String err) {
      this.exitCode = exitCode;
      this.bytes = bytes;
      this.err = err;
    }

    int exitCode() {
      return exitCode;
    }

    byte[] bytes() {
      return bytes;
    }

    String out() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    String err() {
      return err;
    }

    /// Standard output, which must be one JSON object.
    JsonNode json() {
      return JsonMapper.shared().readTree(out());
    }
  }

  private final Map<String, String> environment = new HashMap<>();
  private final Set<Stream> interactive = EnumSet.noneOf(Stream.class);
  private final Interruption interruption = new Interruption();
  private InputStream in = InputStream.nullInputStream();

  Cli(Path data) {
    environment.put("SONIDB_DATA", data.toString());
  }

  Cli environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /// Makes the next runs believe that this stream is a terminal.
  Cli onTerminal(Stream stream) {
    interactive.add(stream);
    return this;
  }

  /// What the next run reads from standard input.
  Cli input(byte[] bytes) {
    return input(new ByteArrayInputStream(bytes));
  }

  Cli input(InputStream stream) {
    in = stream;
    return this;
  }

  Interruption interruption() {
    return interruption;
  }

  Outcome run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Main.run(
            new Terminal(
                in,
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                interactive,
                environment),
            interruption,
            arguments);
    return new Outcome(exitCode, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  /// A run that must succeed.
  Outcome ok(String... arguments) {
    Outcome outcome = run(arguments);
    if (outcome.exitCode() != 0) {
      throw new AssertionError(
          String.join(" ", arguments) + " ended with " + outcome.exitCode() + ": " + outcome.err());
    }
    return outcome;
  }

  /// A `.jsonl` file of `count` vectors of dimension 3 with ids from 0 and payloads.
  static Path threeDimensional(Path folder, int count) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      lines.append(
          "{\"id\":%d,\"vector\":[%d,1.5,-0.25],\"payload\":{\"n\":%d}}\n".formatted(i, i, i));
    }
    return Files.writeString(folder.resolve("three.jsonl"), lines);
  }
}
