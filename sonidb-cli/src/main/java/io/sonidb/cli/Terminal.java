package io.sonidb.cli;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The program's surroundings: its three streams, which of them a person sees, and the environment.
///
/// @param in standard input
/// @param out standard output, unbuffered by others
/// @param err standard error
/// @param interactive the streams that are connected to a terminal
/// @param environment the environment's variables
record Terminal(
    InputStream in,
    OutputStream out,
    PrintStream err,
    Set<Terminal.Stream> interactive,
    Map<String, String> environment) {

  /// The standard streams.
  enum Stream {
    IN(0),
    OUT(1),
    ERR(2);

    private final int descriptor;

    Stream(int descriptor) {
      this.descriptor = descriptor;
    }
  }

  Terminal {
    interactive = Set.copyOf(interactive);
    environment = Map.copyOf(environment);
  }

  /// The process's own.
  static Terminal system(Interruption interruption) {
    Set<Stream> interactive = EnumSet.noneOf(Stream.class);
    for (Stream stream : Stream.values()) {
      if (isTerminal(stream)) {
        interactive.add(stream);
      }
    }
    // Not System.out: a PrintStream swallows errors, a full disk for instance.
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
    InputStream in = new InterruptibleInput(System.in, interruption, Optional.empty());
    // System.err, because the launcher may have put the real one in its place.
    return new Terminal(in, out, System.err, interactive, System.getenv());
  }

  boolean isInteractive(Stream stream) {
    return interactive.contains(stream);
  }

  /// The launcher tells for standard error. Linux tells for each descriptor; elsewhere the console
  /// says whether both input and output are.
  private static boolean isTerminal(Stream stream) {
    String told = System.getProperty("sonidb.stderr.terminal", "");
    if (stream == Stream.ERR && !told.isEmpty()) {
      return Boolean.parseBoolean(told);
    }
    Path link = Path.of("/proc/self/fd/" + stream.descriptor);
    if (Files.isSymbolicLink(link)) {
      try {
        String target = Files.readSymbolicLink(link).toString();
        return target.startsWith("/dev/pts/")
            || target.startsWith("/dev/tty")
            || target.equals("/dev/console");
      } catch (IOException e) {
        return false; // A bar that is missing harms nobody.
      }
    }
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }
}
