package io.sonidb.cli;

import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.SoniDbClient;
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
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 damage found, 4 not found, 5 already exists, 6 refused",
      "or unreachable.",
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
      description =
          "Talk to a running node, such as http://127.0.0.1:7664, instead of opening the folder"
              + " (default: $$SONIDB_URL).")
  private Optional<String> url = Optional.empty();

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      order = 104,
      scope = ScopeType.INHERIT,
      description = "Key for the node (default: $$SONIDB_API_KEY).")
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

  /// The node that is meant, if one is: what the command line says counts before the environment,
  /// and a node before a folder.
  ///
  /// @throws CommandFailure if the options contradict each other, or are wrong
  Optional<ClientOptions> node() {
    if (url.isPresent() && data.isPresent()) {
      throw new CommandFailure(
          ExitCode.USAGE, "--url is a node and --data a folder: give one of them");
    }
    Optional<String> address = data.isPresent() ? Optional.empty() : url.or(this::urlOfEnvironment);
    if (address.isEmpty()) {
      if (apiKey.isPresent()) {
        throw new CommandFailure(ExitCode.USAGE, "--api-key is for a node: give its --url");
      }
      return Optional.empty();
    }
    try {
      ClientOptions options = ClientOptions.of(address.get());
      return Optional.of(
          apiKey.or(() -> fromEnvironment("SONIDB_API_KEY")).map(options::apiKey).orElse(options));
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.USAGE, nodeOption() + ": " + e.getMessage(), e);
    }
  }

  private Optional<String> urlOfEnvironment() {
    return fromEnvironment("SONIDB_URL");
  }

  private Optional<String> fromEnvironment(String variable) {
    return Optional.ofNullable(terminal.environment().get(variable))
        .filter(text -> !text.isEmpty());
  }

  /// How the node was named.
  private String nodeOption() {
    return url.isPresent() ? "--url" : "SONIDB_URL";
  }

  /// @param what that only a folder can do
  /// @throws CommandFailure if a node is meant
  void checkIsFolder(String what) {
    if (node().isPresent()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          nodeOption()
              + ": "
              + what
              + " works on a data folder only yet; "
              + (url.isPresent() ? "leave it out" : "unset it")
              + ", or say --data DIR where no node has it open");
    }
  }

  SoniDbClient connect(ClientOptions options) {
    if (options.apiKey().isPresent()
        && !"https".equalsIgnoreCase(options.uri().getScheme())
        && !options.uri().getHost().matches("localhost|127\\..*|\\[::1]")) {
      output().warn("the key goes to " + options.uri() + " for everybody to read: use https");
    }
    return SoniDbClient.of(options);
  }

  /// The node or, if none is meant, the folder, which is made if need be.
  Database reach() {
    Optional<ClientOptions> node = node();
    return node.isPresent()
        ? new RemoteDatabase(connect(node.get()))
        : new LocalDatabase(open(), folder());
  }

  /// The node or, if none is meant, the folder, which must be there.
  Database reachExisting() {
    return node().isPresent() ? reach() : new LocalDatabase(openExisting(), folder());
  }

  Path folder() {
    return data.orElseGet(
        () -> Path.of(terminal.environment().getOrDefault("SONIDB_DATA", DEFAULT_FOLDER)));
  }

  /// Opens the database, making its folder if need be.
  SoniDb open() {
    return open(SoniDbOptions.DEFAULT);
  }

  /// Opens the database in a certain way, making its folder if need be.
  SoniDb open(SoniDbOptions options) {
    SoniDb database = SoniDb.open(folder(), options);
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
