package io.sonidb.cli;

import io.sonidb.sound.VectorId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Writes the ids of exported rows to a file of their own, one a line, where one is wanted.
final class IdFileWriter implements Closeable {

  private final Optional<ByteOutput> out;

  private IdFileWriter(Optional<ByteOutput> out) {
    this.out = out;
  }

  static IdFileWriter create(Optional<Path> file) throws IOException {
    return new IdFileWriter(
        file.isPresent() ? Optional.of(ByteOutput.create(file.get())) : Optional.empty());
  }

  void write(VectorId id) throws IOException {
    if (out.isEmpty()) {
      return;
    }
    String text = id.toString();
    if (text.indexOf('\n') >= 0 || text.endsWith("\r")) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "an id with a line end cannot stand in a file of ids; export .jsonl instead");
    }
    out.get().line(text);
  }

  void finish() throws IOException {
    if (out.isPresent()) {
      out.get().finish();
    }
  }

  @Override
  public void close() throws IOException {
    if (out.isPresent()) {
      out.get().close();
    }
  }
}
