package io.sonidb.cli;

import io.sonidb.cli.Terminal.Stream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/// What a command says: results on standard output, as text or as one JSON object, the rest on
/// standard error.
final class Output {

  private static final ObjectMapper JSON = JsonMapper.shared();

  private final Terminal terminal;
  private final boolean json;
  private final boolean quiet;

  Output(Terminal terminal, boolean json, boolean quiet) {
    this.terminal = terminal;
    this.json = json;
    this.quiet = quiet;
  }

  /// Whether `--json` was given.
  boolean isJson() {
    return json;
  }

  /// A line of the result for people, who see it at once; with `--json` it is left out.
  void line(String text) {
    if (!json) {
      print(text);
      flush();
    }
  }

  /// The result for programs; without `--json` it is left out. NaN and infinities become JSON
  /// strings.
  void json(Map<String, ?> object) {
    if (json) {
      print(text(object));
    }
  }

  /// The JSON text of a value, on one line.
  static String text(Object value) {
    return JSON.writeValueAsString(value);
  }

  /// A line on standard output, with `--json` and without.
  void print(String text) {
    try {
      terminal.out().write((text + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Hands on what was printed: whoever reads along sees it at once.
  void flush() {
    try {
      terminal.out().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Standard output for bytes.
  ///
  /// @throws CommandFailure if a person would see the bytes, or programs expect JSON there
  OutputStream bytes(String what) {
    if (json) {
      throw new CommandFailure(
          ExitCode.USAGE, what + " cannot go to standard output together with --json; use -o FILE");
    }
    if (terminal.isInteractive(Stream.OUT)) {
      throw new CommandFailure(
          ExitCode.USAGE, what + " is not for the terminal; use -o FILE or a pipe");
    }
    return terminal.out();
  }

  /// A remark on standard error; left out with `--quiet`.
  void note(String text) {
    if (!quiet) {
      terminal.err().println(text);
    }
  }

  /// Something the user must know, on standard error.
  void warn(String text) {
    terminal.err().println("sonidb: warning: " + text);
  }

  /// A bar for work that may take long; it shows only on a terminal.
  ProgressBar progress(String label) {
    boolean shown = !quiet && terminal.isInteractive(Stream.ERR);
    return new ProgressBar(label, terminal.err(), shown, System::nanoTime);
  }
}
