package io.sonidb.cli;

import io.sonidb.cli.Terminal.Stream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "drop",
    sortOptions = false,
    description = {"Delete a collection with all its vectors.", "On a terminal it asks first."},
    footerHeading = "%nExamples:%n",
    footer = {"  sonidb drop songs", "  sonidb drop songs --yes"})
final class DropCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection to delete.")
  private String name = "";

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  DropCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    try (Database database = sonidb().reachExisting()) {
      Points collection = database.collection(name);
      long vectors = collection.count();
      if (!yes && sonidb().terminal().isInteractive(Stream.IN) && !confirmed(vectors)) {
        throw new CommandFailure(ExitCode.FAILED, "nothing dropped");
      }
      database.drop(name);
      output().json(Map.of("dropped", name, "vectors", vectors));
      output().line("dropped \"" + name + "\" with " + Quantity.count(vectors, "vector"));
      return ExitCode.OK;
    }
  }

  private boolean confirmed(long vectors) throws IOException {
    Terminal terminal = sonidb().terminal();
    terminal
        .err()
        .print(
            "drop \""
                + name
                + "\" with "
                + Quantity.count(vectors, "vector")
                + " for good? [y/N] ");
    terminal.err().flush();
    String answer =
        new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8)).readLine();
    return answer != null && answer.strip().matches("(?i)y|yes");
  }
}
