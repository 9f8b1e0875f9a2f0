package io.sonidb.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;

/// Commands that belong together, for the overview.
///
/// @param title what they are about
/// @param commands in the order in which they are shown
record CommandGroup(String title, List<DatabaseCommand> commands) {

  CommandGroup {
    commands = List.copyOf(commands);
  }

  /// All groups.
  static List<CommandGroup> all(SonidbCommand sonidb) {
    return List.of(
        new CommandGroup(
            "Start",
            List.of(new DemoCommand(sonidb), new ServeCommand(sonidb), new BenchCommand(sonidb))),
        new CommandGroup(
            "Collections",
            List.of(
                new CreateCommand(sonidb),
                new DropCommand(sonidb),
                new ListCommand(sonidb),
                new StatsCommand(sonidb),
                new AlterCommand(sonidb))),
        new CommandGroup(
            "Vectors",
            List.of(
                new InsertCommand(sonidb),
                new GetCommand(sonidb),
                new PayloadCommand(sonidb),
                new DeleteCommand(sonidb),
                new SearchCommand(sonidb),
                new ScrollCommand(sonidb),
                new CountCommand(sonidb),
                new FacetCommand(sonidb),
                new ExportCommand(sonidb))),
        new CommandGroup(
            "Sound and changes",
            List.of(
                new StreamCommand(sonidb),
                new ListenCommand(sonidb),
                new PlayCommand(sonidb),
                new PictureCommand(sonidb),
                new ChangesCommand(sonidb))),
        new CommandGroup("Nodes", List.of(new SyncCommand(sonidb), new PromoteCommand(sonidb))),
        new CommandGroup(
            "Backup",
            List.of(
                new SnapshotCommand(sonidb),
                new RestoreCommand(sonidb),
                new ImportCommand(sonidb))),
        new CommandGroup(
            "Upkeep",
            List.of(
                new IndexCommand(sonidb),
                new PayloadIndexCommand(sonidb),
                new VerifyCommand(sonidb),
                new CompactCommand(sonidb),
                new CompletionCommand(sonidb))));
  }

  /// The overview: a title a group, a line a command.
  static String overview(List<CommandGroup> groups, Help help) {
    Map<String, Help> commands = help.subcommands();
    int width = commands.keySet().stream().mapToInt(String::length).max().orElse(0) + 2;
    StringBuilder text = new StringBuilder();
    for (CommandGroup group : groups) {
      text.append(System.lineSeparator())
          .append(group.title())
          .append(':')
          .append(System.lineSeparator());
      for (DatabaseCommand command : group.commands()) {
        CommandLine.Model.CommandSpec spec =
            CommandLine.Model.CommandSpec.forAnnotatedObject(command);
        String description = spec.usageMessage().description()[0];
        text.append("  ").append(spec.name()).append(" ".repeat(width - spec.name().length()));
        text.append(description).append(System.lineSeparator());
      }
    }
    return text.toString();
  }
}
