package io.sonidb.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;

/// Where the launcher script `sonidb` enters: gives the program its standard error, then runs
/// [Main].
///
/// The JVM warns on every start that `jdk.incubator.vector` is an incubator module, before any of
/// our code runs. The script therefore starts the JVM with a filter as standard error and the real
/// one as another descriptor, whose number comes in the system property `sonidb.stderr.descriptor`.
/// Writing to that one directly, and not through the filter, keeps progress bars, the order of
/// lines and the terminal intact.
///
/// The property `sonidb.stderr.terminal` says whether the real standard error is a terminal; Java
/// has no way of its own to find out.
final class Launcher {
  /// The size of the pieces in which the JDK's HTTP client reads; it is asked for once, at first
  /// use. With its own 16 KiB, streams come half as fast.
  private static final String HTTP_BUFFER = "jdk.httpclient.bufsize";

  private Launcher() {}

  /// Restores standard error and runs the command line.
  ///
  /// @param args the arguments, without the program's name
  public static void main(String[] args) {
    int descriptor = Integer.getInteger("sonidb.stderr.descriptor", 2);
    if (descriptor != 2) {
      System.setErr(printStream(descriptor));
    }
    if (System.getProperty(HTTP_BUFFER) == null) {
      System.setProperty(HTTP_BUFFER, String.valueOf(1 << 17));
    }
    Main.main(args);
  }

  private static PrintStream printStream(int descriptor) {
    try {
      // There is no public way to a descriptor by number; opening /dev/fd/3 instead would truncate
      // files and fails on sockets. The script opens java.io to this module.
      var constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
      constructor.setAccessible(true);
      var out = new BufferedOutputStream(new FileOutputStream(constructor.newInstance(descriptor)));
      return new PrintStream(
          out, true, Charset.forName(System.getProperty("stderr.encoding", "UTF-8")));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "cannot open descriptor " + descriptor + "; start SoniDB through the script sonidb", e);
    }
  }
}
