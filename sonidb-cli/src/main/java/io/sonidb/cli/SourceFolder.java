package io.sonidb.cli;

import io.sonidb.ftp.ColdServers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The data folder that collections come from: all of them, or one, under its name or a new one.
final class SourceFolder {

  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description =
          "Data folder, or snapshot; restored by a node: the file of a snapshot, or"
              + " ftps://USER@HOST/PATH.")
  private String source = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "NAME",
      description = "Collection there (default: all).")
  private Optional<String> name = Optional.empty();

  @Option(names = "--as", paramLabel = "NEW", description = "Its name here (default: the same).")
  private Optional<String> as = Optional.empty();

  /// @throws CommandFailure if there is no such folder, or a new name for nothing in particular
  void check() {
    if (as.isPresent() && name.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE, "--as " + as.get() + " needs the NAME of the collection there");
    }
    Path folder = folder();
    if (!Files.isDirectory(folder)) {
      throw new CommandFailure(ExitCode.NOT_FOUND, folder + ": no such folder");
    }
  }

  /// The file of a snapshot, for a node.
  ///
  /// @throws CommandFailure if there is no such file
  Path file() {
    Path folder = folder();
    if (Files.isDirectory(folder)) {
      throw new CommandFailure(
          ExitCode.USAGE,
          folder
              + " is a folder: a node restores the file of a snapshot; make one with"
              + " `tar -cf FILE -C "
              + folder
              + " collections`");
    }
    if (!Files.isReadable(folder)) {
      throw new CommandFailure(ExitCode.NOT_FOUND, folder + ": no such file");
    }
    return folder;
  }

  Path folder() {
    return Path.of(source);
  }

  /// The address of an FTP server that is no node, if it is one.
  Optional<String> address() {
    return ColdServers.isAddress(source) ? Optional.of(source) : Optional.empty();
  }

  Optional<String> name() {
    return name;
  }

  /// What a collection of the folder is called here.
  String nameHere(String there) {
    return as.orElse(there);
  }
}
