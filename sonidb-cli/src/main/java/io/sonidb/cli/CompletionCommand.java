package io.sonidb.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "completion",
    sortOptions = false,
    description = {
      "Print a script that completes commands and options in bash and zsh.",
      "For zsh, first: autoload -U +X bashcompinit && bashcompinit"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb completion > ~/.sonidb-completion",
      "  echo '. ~/.sonidb-completion' >> ~/.bashrc"
    })
final class CompletionCommand extends DatabaseCommand {

  @Spec private CommandSpec spec = CommandSpec.create();

  CompletionCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  /// It needs neither a folder nor a node.
  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() {
    output().print(AutoComplete.bash("sonidb", spec.root().commandLine()));
    return ExitCode.OK;
  }
}
