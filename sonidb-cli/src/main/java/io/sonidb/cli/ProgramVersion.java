package io.sonidb.cli;

import java.lang.module.ModuleDescriptor;
import picocli.CommandLine.IVersionProvider;

/// Reads the version that the build wrote into the module.
final class ProgramVersion implements IVersionProvider {

  @Override
  public String[] getVersion() {
    return new String[] {"sonidb " + text()};
  }

  static String text() {
    ModuleDescriptor module = ProgramVersion.class.getModule().getDescriptor();
    return module == null ? "(not packaged)" : module.rawVersion().orElse("(no version)");
  }
}
