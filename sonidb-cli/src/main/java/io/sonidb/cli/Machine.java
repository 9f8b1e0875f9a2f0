package io.sonidb.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What a number is worth only together with: machine, JDK and version of the program.
final class Machine {

  private Machine() {}

  /// `4 cores of AMD EPYC 7763, Linux 6.1 amd64`.
  static String text() {
    int cores = Runtime.getRuntime().availableProcessors();
    return "%d core%s%s, %s %s %s"
        .formatted(
            cores,
            cores == 1 ? "" : "s",
            processor().map(model -> " of " + model).orElse(""),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch"));
  }

  static String jdk() {
    return System.getProperty("java.vm.name") + " " + Runtime.version();
  }

  private static Optional<String> processor() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // Only Linux has the file.
    }
  }

  /// The commit that the program was built in, if it runs from a clone of its repository.
  static Optional<String> commit() {
    CodeSource source = Machine.class.getProtectionDomain().getCodeSource();
    try {
      Path jar = Path.of(source.getLocation().toURI());
      for (Path folder = jar.getParent(); folder != null; folder = folder.getParent()) {
        Path git = folder.resolve(".git");
        if (Files.isDirectory(git)) {
          return head(git).map(hash -> hash.substring(0, Math.min(10, hash.length())));
        }
      }
    } catch (URISyntaxException | IOException e) {
      return Optional.empty(); // No clone, or one of another shape: then it is not known.
    }
    return Optional.empty();
  }

  private static Optional<String> head(Path git) throws IOException {
    String head = Files.readString(git.resolve("HEAD")).strip();
    if (!head.startsWith("ref: ")) {
      return Optional.of(head);
    }
    String ref = head.substring("ref: ".length());
    if (Files.exists(git.resolve(ref))) {
      return Optional.of(Files.readString(git.resolve(ref)).strip());
    }
    Path packed = git.resolve("packed-refs");
    List<String> lines = Files.exists(packed) ? Files.readAllLines(packed) : List.of();
    return lines.stream()
        .filter(line -> line.endsWith(" " + ref))
        .map(line -> line.substring(0, line.indexOf(' ')))
        .findFirst();
  }
}
