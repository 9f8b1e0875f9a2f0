package io.sonidb.cli;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Programs of others that may be installed or not.
final class OtherProgram {

  private OtherProgram() {}

  /// Looks for a program in the folders of `PATH`.
  static Optional<Path> find(Terminal terminal, String name) {
    String path = terminal.environment().getOrDefault("PATH", "");
    for (String folder : path.split(File.pathSeparator, -1)) {
      if (!folder.isEmpty()) {
        Path program = Path.of(folder, name);
        if (Files.isExecutable(program) && !Files.isDirectory(program)) {
          return Optional.of(program);
        }
      }
    }
    return Optional.empty();
  }
}
