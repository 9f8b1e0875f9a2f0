package io.sonidb.server.http;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// A file of lines, or standard error. When somebody renames or deletes the file, as logrotate
/// does, a new one is begun within a second. A log that cannot be written is reported once, and
/// does not stop the node.
final class LogFile implements AutoCloseable {
  private static final long LOOK_NANOS = 1_000_000_000L;

  private final Optional<Path> file;
  private final PrintStream err;
  private Writer out;
  private Object identity = "";
  private long lookedNanos;
  private boolean hasFailed;

  private LogFile(Optional<Path> file, PrintStream err) throws IOException {
    this.file = file;
    this.err = err;
    this.out = file.isPresent() ? begin(file.get()) : writer(err);
  }

  /// @param where a file, or `-` for standard error
  static LogFile open(String where, PrintStream err) throws IOException {
    return new LogFile(where.equals("-") ? Optional.empty() : Optional.of(Path.of(where)), err);
  }

  private static Writer writer(OutputStream to) {
    return new BufferedWriter(new OutputStreamWriter(to, StandardCharsets.UTF_8));
  }

  private Writer begin(Path path) throws IOException {
    Writer begun =
        writer(Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    identity = identity(path);
    lookedNanos = System.nanoTime();
    return begun;
  }

  private static Object identity(Path path) throws IOException {
    Object key =
        Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
    return key == null ? "" : key;
  }

  synchronized void line(String text) {
    try {
      if (file.isPresent() && System.nanoTime() - lookedNanos > LOOK_NANOS) {
        lookedNanos = System.nanoTime();
        if (!Files.exists(file.get()) || !identity(file.get()).equals(identity)) {
          out.close();
          out = begin(file.get());
        }
      }
      out.write(text);
      out.write('\n');
      out.flush();
      hasFailed = false;
    } catch (IOException e) {
      if (!hasFailed) {
        err.println("sonidb: warning: cannot write the log " + file + ": " + e.getMessage());
      }
      hasFailed = true;
    }
  }

  @Override
  public synchronized void close() {
    if (file.isPresent()) {
      try {
        out.close();
      } catch (IOException e) {
        err.println("sonidb: warning: cannot write the log " + file + ": " + e.getMessage());
      }
    }
  }
}
