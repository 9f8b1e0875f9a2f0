package io.sonidb.cli;

import java.lang.module.ModuleDescriptor;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The `sonidb` command itself; every subcommand hangs below it.
@Command(
    name = "sonidb",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "A vector database that stores each vector as sound.")
final class Main implements Runnable {
  private Main() {}

  /// Runs the command line and ends the JVM with its exit code.
  ///
  /// @param args the arguments, without the program's name
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  /// Reads the version that the build wrote into the module.
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      ModuleDescriptor module = Main.class.getModule().getDescriptor();
      String version =
          module == null ? "(not packaged)" : module.rawVersion().orElse("(no version)");
      return new String[] {"sonidb " + version};
    }
  }
}
