package io.sonidb.cli;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Where a command's bytes go: standard output, or a file that gets its name when it is complete.
final class ByteOutput implements Closeable {

  private static final int BUFFER_BYTES = 1 << 16;

  /// A file under way.
  private record Draft(FileChannel channel, Path part, Path target) {}

  private final OutputStream stream;
  private final Optional<Draft> draft;
  private boolean finished;

  private ByteOutput(OutputStream stream, Optional<Draft> draft) {
    this.stream = stream;
    this.draft = draft;
  }

  /// @param file the file, or empty for standard output
  /// @param what the kind of bytes, for messages
  static ByteOutput open(Output output, Optional<Path> file, String what) throws IOException {
    return file.isPresent()
        ? create(file.get())
        : new ByteOutput(output.bytes(what), Optional.empty());
  }

  /// Starts a file, to take the place of any file of that name when it is finished.
  static ByteOutput create(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // A named pipe or a device: written to as it is.
      return new ByteOutput(
          new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES), Optional.empty());
    }
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path part = target.resolveSibling(target.getFileName() + ".part");
    FileChannel channel =
        FileChannel.open(
            part,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    OutputStream stream = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
    return new ByteOutput(stream, Optional.of(new Draft(channel, part, target)));
  }

  OutputStream stream() {
    return stream;
  }

  /// The file itself, if it is one, for patching what was written; flush [#stream] before.
  Optional<FileChannel> channel() {
    return draft.map(Draft::channel);
  }

  void line(String text) throws IOException {
    stream.write((text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /// Completes the output and gives the file its name.
  void finish() throws IOException {
    stream.flush();
    if (draft.isPresent()) {
      Draft file = draft.get();
      file.channel().force(true);
      file.channel().close();
      Files.move(
          file.part(),
          file.target(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
    finished = true;
  }

  /// Closes the output; a file that was not finished is deleted. Standard output stays open.
  @Override
  public void close() throws IOException {
    if (!finished && draft.isPresent()) {
      draft.get().channel().close();
      Files.deleteIfExists(draft.get().part());
    }
  }
}
