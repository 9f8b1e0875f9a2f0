package io.sonidb.cli;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST;
import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING;

import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.PcmLayout;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/// Starts the program: builds the command line, runs it, and answers for whatever goes wrong.
final class Main {

  private static final int HELP_COLUMNS = 100;

  private Main() {}

  /// Runs the command line and ends the process with its exit code.
  ///
  /// @param arguments the words behind `sonidb`
  public static void main(String[] arguments) {
    Interruption interruption = new Interruption();
    interruption.listen();
    int exitCode = ExitCode.FAILED.number();
    try {
      exitCode = run(Terminal.system(interruption), interruption, arguments);
    } finally {
      interruption.commandFinished();
    }
    System.exit(exitCode);
  }

  /// Runs the command line in these surroundings.
  ///
  /// @return the exit code
  static int run(Terminal terminal, Interruption interruption, String... arguments) {
    SonidbCommand sonidb = new SonidbCommand(terminal, interruption);
    CommandLine commands = new CommandLine(sonidb);
    addCommands(commands, sonidb);
    addConverters(commands);
    // Help is printed at the end: a PrintWriter to standard output would swallow errors.
    StringWriter help = new StringWriter();
    commands.setOut(new PrintWriter(help));
    commands.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    commands.setUsageHelpWidth(HELP_COLUMNS).setAbbreviatedOptionsAllowed(false);
    commands.setParameterExceptionHandler((e, _) -> usage(sonidb, e));
    commands.setExecutionExceptionHandler((e, _, _) -> fail(sonidb, e));
    try {
      int exitCode = commands.execute(arguments);
      terminal.out().write(help.toString().getBytes(StandardCharsets.UTF_8));
      terminal.out().flush();
      return exitCode;
    } catch (IOException | OutOfMemoryError e) {
      return fail(sonidb, e);
    }
  }

  private static void addCommands(CommandLine commands, SonidbCommand sonidb) {
    List<CommandGroup> groups = CommandGroup.all(sonidb);
    for (CommandGroup group : groups) {
      for (DatabaseCommand command : group.commands()) {
        CommandLine subcommand = new CommandLine(command);
        command.describe(subcommand.getCommandSpec());
        subcommand.getCommandSpec().mixinStandardHelpOptions(true);
        commands.addSubcommand(subcommand);
      }
    }
    // Only here: what is set later reaches the subcommands as well.
    Map<String, IHelpSectionRenderer> sections = new HashMap<>(commands.getHelpSectionMap());
    sections.put(SECTION_KEY_COMMAND_LIST_HEADING, _ -> "");
    sections.put(SECTION_KEY_COMMAND_LIST, help -> CommandGroup.overview(groups, help));
    commands.getCommandSpec().usageMessage().sectionMap(sections);
  }

  private static void addConverters(CommandLine commands) {
    commands.registerConverter(Metric.class, parsing(Metric::parse));
    commands.registerConverter(ElementType.class, parsing(ElementType::parse));
    commands.registerConverter(Quantisation.class, parsing(Quantisation::parse));
    commands.registerConverter(Sonification.class, parsing(Sonification::parse));
    commands.registerConverter(Durability.class, parsing(Durability::parse));
    commands.registerConverter(PcmLayout.Encoding.class, parsing(PcmLayout.Encoding::parse));
    commands.registerConverter(GetCommand.Format.class, parsing(GetCommand.Format::parse));
    commands.registerConverter(VectorId.class, parsing(VectorId::parse));
    commands.registerConverter(Duration.class, parsing(TimeSpan::parse));
    commands.registerConverter(Instant.class, parsing(ExpiryOptions::parseTime));
    commands.registerConverter(Filter.class, parsing(Filter::parse));
    commands.registerConverter(FieldType.class, parsing(FieldType::parse));
    commands.registerConverter(Slice.class, parsing(Slice::parse));
  }

  private static <T> ITypeConverter<T> parsing(Function<String, T> parser) {
    return text -> {
      try {
        return parser.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(String.valueOf(e.getMessage()));
      }
    };
  }

  /// Answers a command line that cannot be understood.
  private static int usage(SonidbCommand sonidb, ParameterException e) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    String message = String.valueOf(e.getMessage());
    return fail(
        sonidb, new CommandFailure(ExitCode.USAGE, message + " (see " + command + " --help)", e));
  }

  private static int fail(SonidbCommand sonidb, Throwable failure) {
    if (Failures.isBrokenPipe(failure)) {
      return ExitCode.OK.number();
    }
    Terminal terminal = sonidb.terminal();
    ExitCode exitCode = Failures.exitCode(failure);
    String message = Failures.message(failure);
    terminal.err().println("sonidb: " + message);
    if (sonidb.showsStackTraces()) {
      failure.printStackTrace(terminal.err());
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("error", message);
    answer.put("exit_code", exitCode.number());
    try {
      sonidb.output().json(answer);
    } catch (UncheckedIOException _) {
      // Standard output itself is what failed, and standard error has the message.
    }
    return exitCode.number();
  }
}
