package io.sonidb.cli;

import io.sonidb.SoniDb;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The command `sonidb` itself: the global options, which may stand before or behind the
/// subcommand.
@Command(
    name = "sonidb",
    versionProvider = ProgramVersion.class,
    sortOptions = false,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "A vector database that stores each vector as sound: one vector, one FLAC frame.",
    footer = {
      "",
      "Start with:",
      "  sonidb demo",
      "  sonidb insert songs songs.npy",
      "  sonidb search songs --id 42",
      "",
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 damage found, 4 not found, 5 already exists, 6 refused.",
      "`sonidb COMMAND --help` shows what a command can do, with examples."
    })
final class SonidbCommand implements Runnable {

  private static final String DEFAULT_FOLDER = "sonidb-data";

  private final Terminal terminal;
  private final Interruption interruption;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      order = 100,
      scope = ScopeType.INHERIT,
      description = "Data folder (default: $$SONIDB_DATA, else " + DEFAULT_FOLDER + ").")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--json",
      order = 101,
      scope = ScopeType.INHERIT,
      description = "Print one JSON object on standard output.")
  private boolean json;

  @Option(
      names = "--quiet",
      order = 102,
      scope = ScopeType.INHERIT,
      description = "No progress and no remarks on standard error.")
  private boolean quiet;

  @Option(
      names = "--url",
      paramLabel = "URL",
      order = 103,
      scope = ScopeType.INHERIT,
      description = "Talk to a running node. Not available in this version.")
  private Optional<String> url = Optional.empty();

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      order = 104,
      scope = ScopeType.INHERIT,
      description = "Key for the node. Not available in this version.")
  private Optional<String> apiKey = Optional.empty();

  @Option(names = "--stacktrace", hidden = true, scope = ScopeType.INHERIT)
  private boolean stacktrace;

  SonidbCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  /// Without a subcommand there is nothing to do.
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  Terminal terminal() {
    return terminal;
  }

  Interruption interruption() {
    return interruption;
  }

  Output output() {
    return new Output(terminal, json, quiet);
  }

  boolean showsStackTraces() {
    return stacktrace || terminal.environment().containsKey("SONIDB_DEBUG");
  }

  /// Refuses options for what this version cannot do, instead of acting on the local folder.
  void checkGlobalOptions() {
    String asked =
        url.isPresent()
            ? "--url " + url.get()
            : apiKey.isPresent()
                ? "--api-key"
                : terminal.environment().containsKey("SONIDB_URL")
                    ? "SONIDB_URL=" + terminal.environment().get("SONIDB_URL")
                    : "";
    if (!asked.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          asked
              + ": talking to a node is not available in this version; leave it out and use --data DIR");
    }
  }

  Path folder() {
    return data.orElseGet(
        () -> Path.of(terminal.environment().getOrDefault("SONIDB_DATA", DEFAULT_FOLDER)));
  }

  /// Opens the database, making its folder if need be.
  SoniDb open() {
    SoniDb database = SoniDb.open(folder());
    Output output = output();
    database.warnings().forEach(output::warn);
    return database;
  }

  /// Opens a database that is there.
  ///
  /// @throws CommandFailure if the folder does not exist; it is not made
  SoniDb openExisting() {
    if (!Files.isDirectory(folder())) {
      throw new CommandFailure(
          ExitCode.NOT_FOUND,
          "no database in "
              + folder()
              + "; create a collection first, or name another with --data");
    }
    return open();
  }
}
