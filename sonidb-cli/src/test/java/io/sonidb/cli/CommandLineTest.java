package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.cli.Terminal.Stream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The options that all commands share, help, and how the program ends.
class CommandLineTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "list --nonsense",
        "get",
        "get songs",
        "create songs",
        "create songs --dimension x",
        "create songs --dimension 3 --metric hamming",
        "create songs --dimension 3 --sonification shrill",
        "insert songs",
        "search songs",
        "search songs --id 1 --vector [1]",
        "get songs 1 --format tiff",
        "create songs --dimension 3 --ttl 5",
        "create songs --dimension 3 --retention -1d",
        "export songs a.npy --slice 4/4",
        "export songs a.npy --slice 1",
        "compact",
        "snapshot songs",
        "restore",
        "import",
      })
  void rejectsWrongCommandLineWithOneLineAndExitCodeTwo(String line) {
    Cli.Outcome outcome = new Cli(folder).run(line.isEmpty() ? new String[0] : line.split(" "));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).startsWith("sonidb: ").hasLineCount(1);
  }

  @Test
  void printsErrorAsJsonWhenAskedForJson() {
    Cli.Outcome outcome = new Cli(folder).run("stats", "songs", "--json");
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.json().get("exit_code").asInt()).isEqualTo(4);
    assertThat(outcome.err()).startsWith("sonidb: ").contains("songs");
  }

  @Test
  void refusesFolderThatIsOpenElsewhere() throws IOException {
    try (io.sonidb.SoniDb _ = io.sonidb.SoniDb.open(folder)) {
      Cli.Outcome outcome = new Cli(folder).run("list");
      assertThat(outcome.exitCode()).isEqualTo(6);
      assertThat(outcome.err()).contains(folder.toString()).hasLineCount(1);
    }
  }

  @Test
  void doesNotMakeFolderInOrderToFindNothingInIt() {
    Path missing = folder.resolve("missing");
    assertThat(new Cli(missing).run("stats", "songs").exitCode()).isEqualTo(4);
    assertThat(new Cli(missing).run("list").exitCode()).isZero();
    assertThat(missing).doesNotExist();
  }

  @Test
  void showsStackTraceOnlyWhenAskedTo() {
    assertThat(new Cli(folder).run("stats", "songs").err()).doesNotContain("\tat ");
    assertThat(new Cli(folder).run("stats", "songs", "--stacktrace").err()).contains("\tat ");
    assertThat(new Cli(folder).environment("SONIDB_DEBUG", "1").run("stats", "songs").err())
        .contains("\tat ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "bench",
        "create",
        "drop",
        "list",
        "stats",
        "alter",
        "insert",
        "get",
        "payload",
        "delete",
        "search",
        "export",
        "stream",
        "listen",
        "changes",
        "snapshot",
        "restore",
        "import",
        "index",
        "verify",
        "compact",
        "completion"
      })
  void helpsWithExamplesForEveryCommand(String command) {
    Cli.Outcome outcome = new Cli(folder).ok(command, "--help");
    assertThat(outcome.out())
        .contains("Usage: sonidb " + command, "Examples:", "  sonidb " + command, "--data");
    assertThat(outcome.err()).isEmpty();
    assertThat(new Cli(folder).ok("--help").out()).contains("  " + command + " ");
  }

  @Test
  void groupsTheCommandsInTheOverview() {
    String help = new Cli(folder).ok("--help").out();
    assertThat(help)
        .containsSubsequence(
            "Collections:", "  create ", "Vectors:", "  insert ", "Sound and changes:", "  stream ")
        .containsSubsequence("Backup:", "  snapshot ", "Upkeep:", "  verify ", "Exit codes:");
    assertThat(help.lines()).allMatch(line -> line.length() <= 100);
    assertThat(new Cli(folder).ok("get", "--help").out()).doesNotContain("Backup:");
  }

  @Test
  void printsAScriptThatCompletesCommandsAndOptions() throws IOException, InterruptedException {
    Path script = Files.write(folder.resolve("c.sh"), new Cli(folder).ok("completion").bytes());
    assertThat(script).content().contains("snapshot", "--with-vectors", "complete -F");
    assertThat(RealFiles.tool(folder.resolve("log"), "bash", "-n", script.toString())).isZero();
  }

  @Test
  void acceptsGlobalOptionsBeforeAndBehindTheCommand() throws IOException {
    Path elsewhere = folder.resolve("elsewhere");
    Files.createDirectories(elsewhere);
    Cli cli = new Cli(folder);
    cli.ok("--data", elsewhere.toString(), "create", "a", "--dimension", "3");
    assertThat(cli.ok("list", "--data", elsewhere.toString(), "--json").out()).contains("\"a\"");
    assertThat(cli.ok("list").out()).isEmpty();
  }

  @Test
  void endsQuietlyWhenTheReaderHasGone() {
    assertThat(runInto(failing("Broken pipe"))).isEqualTo(new Ending(ExitCode.OK.number(), ""));
  }

  @Test
  void failsWhenStandardOutputIsFull() {
    Ending ending = runInto(failing("No space left on device"));
    assertThat(ending.exitCode()).isEqualTo(1);
    assertThat(ending.err()).contains("No space left on device");
  }

  @Test
  void keepsSoundFromTheTerminal() throws IOException {
    Cli cli = new Cli(folder.resolve("data"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, 1).toString());
    Cli.Outcome outcome = cli.onTerminal(Stream.OUT).run("stream", "a");
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("-o FILE");
  }

  private record Ending(int exitCode, String err) {}

  private Ending runInto(OutputStream out) {
    java.io.ByteArrayOutputStream err = new java.io.ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            java.io.InputStream.nullInputStream(),
            out,
            new PrintStream(err, true, java.nio.charset.StandardCharsets.UTF_8),
            Set.of(),
            Map.of());
    int exitCode = Main.run(terminal, new Interruption(), "--version");
    int second = Main.run(terminal, new Interruption(), "create", "--help");
    assertThat(second).isEqualTo(exitCode);
    return new Ending(
        exitCode,
        err.toString(java.nio.charset.StandardCharsets.UTF_8).lines().findFirst().orElse(""));
  }

  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }
}
